/* memory_image.c - what a memory holds, kept and put back.
 *
 *   base        used        size       high                  reserved
 *    | the image | zeros     | zeros    | no access           |
 *
 * [base, high) was committed once and stays so: views of the host may reach there after the memory has become smaller, and
 * growth finds zeros. */
#include <string.h>

#include "base/config.h"
#include "base/vm.h"
#include "runtime/memory.h"
#include "runtime/store.h"

#define RESETS_BEFORE_WRITING 8

pwi_vm_image *pwi_memory_save(const pw_memory *memory)
{
    pwi_vm_image *image = pwi_vm_image_new(memory->size, memory->reserved != 0);
    if (!image)
        return NULL;
    if (!pwi_vm_image_add_range(image, memory->base, memory->size)) {
        pwi_vm_image_free(image);
        return NULL;
    }
    pwi_vm_image_close(image);
    return image;
}

pw_result pwi_memory_make_room(pw_memory *memory, const pwi_vm_image *image, uint64_t *old_size)
{
    uint64_t old_pages;
    *old_size = memory->size;
    if (image->size <= memory->size)
        return PW_OK;
    return pwi_memory_grow(memory, (image->size - memory->size) >> memory->type.page_bits, &old_pages);
}

void pwi_memory_shrink(pw_memory *memory, uint64_t size)
{
    if (size >= memory->size)
        return;
    pwi_store_return_memory(memory->store, memory->size - size);
    memory->size = size;
    pwi_memory_tell_users(memory);
}

/* The pages of the image that is mapped there already. Forgetting them costs a call, and a fault for each one that is
 * touched next. Where a small memory is reset again and again, its pages stay and are written. */
static bool renew(pw_memory *memory, size_t high)
{
    if (memory->resets < RESETS_BEFORE_WRITING)
        memory->resets++;
    else if (high <= PWI_VM_SMALL) {
        pwi_vm_image_put_back(memory->image, memory->base, high);
        return true;
    }
    return pwi_vm_forget(memory->base, high);
}

/* Whole pages of zeros, or of the image that is mapped there already. */
static void clear(pw_memory *memory, const pwi_vm_image *image, size_t high)
{
    if (memory->image == image && image && renew(memory, high))
        return;
    pwi_vm_image_free(memory->image);
    memory->image = NULL;
    if (!pwi_vm_renew(memory->base, high))
        memset(memory->base, 0, high);
}

pw_result pwi_memory_restore(pw_memory *memory, pwi_vm_image *image, bool fresh)
{
    uint64_t page = pwi_vm_page_size();
    size_t high = (size_t)((memory->size + page - 1) / page * page);
    if (!memory->reserved)
        memset(memory->base, 0, fresh ? 0 : (size_t)memory->size);
    else if (!fresh && high)
        clear(memory, image, high);
    else if (memory->image != image) { /* an empty one: there is nothing to clear, but somebody to let go */
        pwi_vm_image_free(memory->image);
        memory->image = NULL;
    }
    pwi_memory_shrink(memory, image->size);
    if (memory->image == image)
        return PW_OK;
    if (memory->reserved && pwi_vm_image_map(image, memory->base)) {
        memory->image = image;
        memory->resets = 0;
        pwi_vm_image_retain(image);
        return PW_OK;
    }
    return pwi_vm_image_copy(image, memory->base) ? PW_OK : PW_ERR_NO_MEMORY;
}
