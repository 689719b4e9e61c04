/* vm_image.c - images of memory: runs of blocks that are not zero, in a file or in the heap. */
#include "base/vm_image.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sync.h"
#include "base/vm.h"

pwi_vm_image *pwi_vm_image_new(uint64_t size, bool mappable)
{
    pwi_vm_image *image = pwi_alloc_zero(1, sizeof *image);
    if (!image)
        return NULL;
    image->references = 1;
    image->size = size;
    image->file = mappable ? pwi_vm_file_open() : -1;
    return image;
}

void pwi_vm_image_retain(pwi_vm_image *image)
{
    pwi_ref_inc(&image->references);
}

void pwi_vm_image_free(pwi_vm_image *image)
{
    if (!image || !pwi_ref_dec(&image->references))
        return;
    if (image->file >= 0)
        pwi_vm_file_free(image->file);
    pwi_free(image->runs);
    pwi_free(image->bytes);
    pwi_free(image);
}

static bool is_in_heap(const pwi_vm_image *image)
{
    return image->file < 0 || image->size <= PWI_VM_SMALL;
}

/* Puts the content where it stays; *place is for the heap. */
static bool keep(pwi_vm_image *image, uint64_t offset, const uint8_t *bytes, size_t length, size_t *place)
{
    *place = image->byte_count;
    if (image->file >= 0 && !pwi_vm_file_write(image->file, offset, bytes, length))
        return false;
    if (!is_in_heap(image))
        return true;
    void *grown = image->bytes;
    if (length > SIZE_MAX - image->byte_count ||
        !pwi_reserve(&grown, &image->byte_capacity, image->byte_count + length, 1))
        return false;
    image->bytes = grown;
    memcpy(image->bytes + image->byte_count, bytes, length);
    image->byte_count += length;
    return true;
}

bool pwi_vm_image_add(pwi_vm_image *image, uint64_t offset, const uint8_t *bytes, size_t length)
{
    size_t place;
    void *runs = image->runs;
    pwi_vm_run *last = image->run_count ? &image->runs[image->run_count - 1] : NULL;
    if (!length)
        return true;
    if (!keep(image, offset, bytes, length, &place))
        return false;
    if (last && last->offset + last->length == offset) {
        last->length += length;
        return true;
    }
    if (!pwi_reserve(&runs, &image->run_capacity, image->run_count + 1, sizeof *image->runs))
        return false;
    image->runs = runs;
    image->runs[image->run_count++] = (pwi_vm_run){offset, length, place};
    return true;
}

/* Are these bytes zero? The first one is, and each is what the one before it is. */
static bool is_zero(const uint8_t *bytes, size_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static size_t block_at(uint64_t offset, uint64_t length)
{
    return length - offset < PWI_VM_BLOCK ? (size_t)(length - offset) : PWI_VM_BLOCK;
}

/* Writes long stretches at once: a call of the system for each block would cost more than the copying. */
bool pwi_vm_image_add_range(pwi_vm_image *image, const uint8_t *bytes, uint64_t length)
{
    uint64_t at = 0;
    while (at < length) {
        if (is_zero(bytes + at, block_at(at, length))) {
            at += PWI_VM_BLOCK;
            continue;
        }
        uint64_t end = at + block_at(at, length);
        while (end < length && !is_zero(bytes + end, block_at(end, length)))
            end += block_at(end, length);
        if (!pwi_vm_image_add(image, at, bytes + at, (size_t)(end - at)))
            return false;
        at = end;
    }
    return true;
}

/* A file that cannot be closed keeps its content for copying. */
void pwi_vm_image_close(pwi_vm_image *image)
{
    uint64_t page = pwi_vm_page_size();
    if (!image->run_count)
        return;
    const pwi_vm_run *last = &image->runs[image->run_count - 1];
    uint64_t used = (last->offset + last->length + page - 1) / page * page;
    if (image->file >= 0 && used <= SIZE_MAX && pwi_vm_file_close_at(image->file, used))
        image->used = used;
}

bool pwi_vm_image_read(const pwi_vm_image *image, size_t run, uint64_t from, uint8_t *to, size_t count)
{
    const pwi_vm_run *source = &image->runs[run];
    if (!is_in_heap(image))
        return pwi_vm_file_read(image->file, source->offset + from, to, count);
    memcpy(to, image->bytes + source->place + from, count);
    return true;
}

bool pwi_vm_image_copy(const pwi_vm_image *image, uint8_t *to)
{
    for (size_t i = 0; i < image->run_count; i++) {
        if (!pwi_vm_image_read(image, i, 0, to + image->runs[i].offset, (size_t)image->runs[i].length))
            return false;
    }
    return true;
}

void pwi_vm_image_put_back(const pwi_vm_image *image, uint8_t *to, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < image->run_count; i++) {
        const pwi_vm_run *run = &image->runs[i];
        memset(to + at, 0, (size_t)run->offset - at);
        memcpy(to + run->offset, image->bytes + run->place, (size_t)run->length);
        at = (size_t)(run->offset + run->length);
    }
    memset(to + at, 0, size - at);
}

bool pwi_vm_image_map(const pwi_vm_image *image, uint8_t *to)
{
    if (!image->run_count)
        return true;
    return image->used && pwi_vm_file_map(image->file, to, (size_t)image->used);
}
