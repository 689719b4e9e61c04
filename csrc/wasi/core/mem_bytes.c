/* Contents of files in memory: one piece, grown by half (but by no more than a quarter of what the tree has left: other
 * files need room too), given back when most of it is free. What lies between size and capacity has no meaning; growing
 * writes the zeros. */
#include <string.h>

#include "base/alloc.h"
#include "wasi/core/mem_tree.h"

size_t pwi_mem_read(const pwi_mem_node *file, uint64_t position, const pwi_os_iovec *iov, size_t count)
{
    size_t done = 0;
    for (size_t i = 0; i < count && position < file->size; i++) {
        size_t left = file->size - (size_t)position;
        size_t piece = iov[i].length < left ? iov[i].length : left;
        if (piece > 0)
            memcpy(iov[i].data, file->data + position, piece);
        position += piece;
        done += piece;
    }
    return done;
}

static bool set_capacity(pw_wasi_tree *tree, pwi_mem_node *file, size_t capacity)
{
    uint8_t *data = NULL;
    if (capacity > 0) {
        data = pwi_realloc(file->data, capacity, 1);
        if (!data)
            return false;
    } else
        pwi_free(file->data);
    tree->used += capacity;
    tree->used -= file->capacity;
    file->data = data;
    file->capacity = capacity;
    return true;
}

/* The size that a file can have. */
static uint64_t limit_of(const pw_wasi_tree *tree, const pwi_mem_node *file)
{
    uint64_t limit = file->capacity + (tree->cap - tree->used);
    return limit > SIZE_MAX / 2 ? SIZE_MAX / 2 : limit;
}

/* Capacity for `size` bytes. Afterwards *size is what there is room for: less where the cap does not allow more. */
static pwi_errno reserve(pw_wasi_tree *tree, pwi_mem_node *file, uint64_t *size, bool generously)
{
    uint64_t limit = limit_of(tree, file);
    if (*size > limit)
        *size = limit;
    if (*size <= file->capacity)
        return PWI_ESUCCESS;
    uint64_t capacity = *size, extra = (limit - *size) / 4;
    if (generously && capacity < file->capacity + file->capacity / 2) {
        uint64_t wanted = file->capacity + file->capacity / 2 - capacity;
        capacity += wanted < extra ? wanted : extra;
    }
    if (set_capacity(tree, file, (size_t)capacity) || set_capacity(tree, file, (size_t)*size))
        return PWI_ESUCCESS;
    return PWI_ENOMEM;
}

static void extend(pwi_mem_node *file, uint64_t size)
{
    if (size > file->size) {
        memset(file->data + file->size, 0, (size_t)size - file->size);
        file->size = (size_t)size;
    }
}

pwi_errno pwi_mem_write(pw_wasi_tree *tree, pwi_mem_node *file, uint64_t position, const pwi_os_iovec *iov,
                        size_t count, size_t *done)
{
    uint64_t total = 0;
    *done = 0;
    for (size_t i = 0; i < count; i++)
        total += iov[i].length;
    if (total == 0)
        return PWI_ESUCCESS;
    if (position > INT64_MAX - total)
        return PWI_EFBIG;
    if (position >= limit_of(tree, file)) /* nothing is reserved for what cannot be */
        return PWI_ENOSPC;
    uint64_t end = position + total;
    pwi_errno error = reserve(tree, file, &end, true);
    if (error != PWI_ESUCCESS)
        return error;
    extend(file, position);
    for (size_t i = 0; i < count && position < end; i++) {
        uint64_t left = end - position;
        size_t piece = iov[i].length < left ? iov[i].length : (size_t)left;
        if (piece > 0)
            memcpy(file->data + position, iov[i].data, piece);
        position += piece;
        *done += piece;
    }
    if (position > file->size)
        file->size = (size_t)position;
    return PWI_ESUCCESS;
}

pwi_errno pwi_mem_resize(pw_wasi_tree *tree, pwi_mem_node *file, uint64_t size)
{
    uint64_t room = size;
    if (size > file->size) {
        if (size > limit_of(tree, file))
            return PWI_ENOSPC;
        pwi_errno error = reserve(tree, file, &room, false);
        if (error != PWI_ESUCCESS)
            return error;
        extend(file, size);
        return PWI_ESUCCESS;
    }
    file->size = (size_t)size;
    if (size < file->capacity / 2)
        (void)set_capacity(tree, file, (size_t)size); /* if it fails, it keeps the room */
    return PWI_ESUCCESS;
}
