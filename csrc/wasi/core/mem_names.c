/* The names in the directories of a tree in memory: one hash table for all, and a list per directory. */
#include <string.h>

#include "base/alloc.h"
#include "wasi/core/mem_tree.h"

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012) of the directory's number and the text: the guest chooses both. */
static uint64_t hash_of(const pw_wasi_tree *tree, const pwi_mem_node *dir, const char *text, size_t length)
{
    uint64_t v[4] = {tree->hash_key[0] ^ 0x736f6d6570736575u, tree->hash_key[1] ^ 0x646f72616e646f6du,
                     tree->hash_key[0] ^ 0x6c7967656e657261u, tree->hash_key[1] ^ 0x7465646279746573u};
    uint64_t word = dir->ino;
    for (size_t at = 0;; at += 8) {
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
        if (at > length)
            break;
        word = at + 8 > length ? (uint64_t)length << 56 : 0;
        size_t piece = at + 8 > length ? length - at : 8;
        for (size_t i = 0; i < piece; i++)
            word |= (uint64_t)(uint8_t)text[at + i] << (8 * i);
    }
    v[2] ^= 0xff;
    mix(v), mix(v), mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

pwi_mem_name *pwi_mem_find(const pw_wasi_tree *tree, const pwi_mem_node *dir, const char *text)
{
    size_t length = strlen(text);
    if (tree->bucket_count == 0)
        return NULL;
    uint64_t hash = hash_of(tree, dir, text, length);
    pwi_mem_name *name = tree->buckets[hash & (tree->bucket_count - 1)];
    while (name && !(name->hash == hash && name->dir == dir && name->length == length &&
                     memcmp(name->text, text, length) == 0))
        name = name->next;
    return name;
}

/* Room for one more name: as many buckets as names, at least. */
static pwi_errno make_room(pw_wasi_tree *tree)
{
    if (tree->name_count < tree->bucket_count)
        return PWI_ESUCCESS;
    size_t count = tree->bucket_count ? tree->bucket_count * 2 : 16;
    pwi_mem_name **buckets = pwi_alloc_zero(count, sizeof *buckets);
    if (!buckets)
        return PWI_ENOMEM;
    for (size_t i = 0; i < tree->bucket_count; i++)
        for (pwi_mem_name *name = tree->buckets[i], *next; name; name = next) {
            next = name->next;
            name->next = buckets[name->hash & (count - 1)];
            buckets[name->hash & (count - 1)] = name;
        }
    pwi_free(tree->buckets);
    tree->buckets = buckets;
    tree->bucket_count = count;
    return PWI_ESUCCESS;
}

static uint64_t cost(size_t length)
{
    return PWI_MEM_NAME_COST + length;
}

/* Not yet in the tree, and not yet paid for. */
static pwi_errno name_new(pw_wasi_tree *tree, pwi_mem_node *dir, const char *text, pwi_mem_name **out)
{
    size_t length = strlen(text);
    if (dir->names == 0) /* it is removed, and stays empty */
        return PWI_ENOENT;
    if (make_room(tree) != PWI_ESUCCESS)
        return PWI_ENOMEM;
    pwi_mem_name *name = pwi_alloc(sizeof *name + length + 1);
    if (!name)
        return PWI_ENOMEM;
    name->dir = dir;
    name->hash = hash_of(tree, dir, text, length);
    name->length = length;
    memcpy(name->text, text, length + 1);
    *out = name;
    return PWI_ESUCCESS;
}

static void attach(pw_wasi_tree *tree, pwi_mem_name *name, pwi_mem_node *node)
{
    pwi_mem_node *dir = name->dir;
    pwi_mem_name **bucket = &tree->buckets[name->hash & (tree->bucket_count - 1)];
    name->node = node;
    name->next = *bucket;
    *bucket = name;
    name->before = dir->last;
    name->after = NULL;
    *(dir->last ? &dir->last->after : &dir->first) = name;
    dir->last = name;
    node->names++;
    if (node->type == PWI_TYPE_DIRECTORY) {
        node->parent = dir;
        dir->subdirs++;
    }
    tree->name_count++;
    tree->used += cost(name->length);
}

/* Frees the name; the node stays, whether anything leads to it or not. */
static void detach(pw_wasi_tree *tree, pwi_mem_name *name)
{
    pwi_mem_node *dir = name->dir;
    pwi_mem_name **link = &tree->buckets[name->hash & (tree->bucket_count - 1)];
    while (*link != name)
        link = &(*link)->next;
    *link = name->next;
    *(name->before ? &name->before->after : &dir->first) = name->after;
    *(name->after ? &name->after->before : &dir->last) = name->before;
    name->node->names--;
    if (name->node->type == PWI_TYPE_DIRECTORY) {
        name->node->parent = NULL;
        dir->subdirs--;
    }
    tree->name_count--;
    tree->used -= cost(name->length);
    pwi_free(name);
}

pwi_errno pwi_mem_name_add(pw_wasi_tree *tree, pwi_mem_node *dir, const char *text, pwi_mem_node *node)
{
    pwi_mem_name *name;
    if (tree->cap - tree->used < cost(strlen(text)))
        return PWI_ENOSPC;
    pwi_errno error = name_new(tree, dir, text, &name);
    if (error == PWI_ESUCCESS)
        attach(tree, name, node);
    return error;
}

void pwi_mem_name_remove(pw_wasi_tree *tree, pwi_mem_name *name)
{
    pwi_mem_node *node = name->node;
    detach(tree, name);
    pwi_mem_node_drop(tree, node);
}

pwi_errno pwi_mem_name_move(pw_wasi_tree *tree, pwi_mem_name *name, pwi_mem_node *dir, const char *text,
                            pwi_mem_name *replaced)
{
    pwi_mem_name *moved;
    pwi_mem_node *node = name->node;
    uint64_t more = cost(strlen(text)), less = cost(name->length);
    if (!replaced && more > less && tree->cap - tree->used < more - less)
        return PWI_ENOSPC;
    pwi_errno error = name_new(tree, dir, text, &moved);
    if (error != PWI_ESUCCESS)
        return error;
    if (replaced)
        pwi_mem_name_remove(tree, replaced);
    detach(tree, name);
    attach(tree, moved, node);
    return PWI_ESUCCESS;
}

void pwi_mem_names_destroy(pw_wasi_tree *tree)
{
    for (size_t i = 0; i < tree->bucket_count; i++)
        while (tree->buckets[i]) {
            pwi_mem_name *name = tree->buckets[i];
            tree->buckets[i] = name->next;
            if (--name->node->names == 0)
                pwi_mem_node_drop(tree, name->node);
            pwi_free(name);
        }
}
