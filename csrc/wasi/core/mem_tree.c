/* Trees in memory: from the first node to the last. */
#include "wasi/core/mem_tree.h"

#include "base/alloc.h"

static void destroy(pw_wasi_tree *tree)
{
    pwi_mem_names_destroy(tree); /* frees all nodes but the root: no handle is left */
    if (tree->root) {
        tree->root->names = 0;
        pwi_mem_node_drop(tree, tree->root);
    }
    pwi_free(tree->buckets);
    pwi_mutex_destroy(&tree->lock);
    pwi_free(tree);
}

pw_result pw_wasi_tree_new(uint64_t cap, pw_wasi_tree **out)
{
    uint64_t now = 0;
    pw_wasi_tree *tree = pwi_alloc_zero(1, sizeof *tree);
    if (!tree)
        return PW_ERR_NO_MEMORY;
    if (!pwi_mutex_init(&tree->lock)) {
        pwi_free(tree);
        return PW_ERR_NO_MEMORY;
    }
    tree->references = 1;
    tree->cap = cap > PWI_MEM_NODE_COST ? cap : PWI_MEM_NODE_COST; /* there is always a root */
    if (pwi_os_random((uint8_t *)tree->hash_key, sizeof tree->hash_key) != PWI_ESUCCESS ||
        pwi_os_clock_now(PWI_CLOCK_REALTIME, &now) != PWI_ESUCCESS) {
        destroy(tree);
        return PW_ERR_HOST;
    }
    if (pwi_mem_node_new(tree, PWI_TYPE_DIRECTORY, now, &tree->root) != PWI_ESUCCESS) {
        destroy(tree);
        return PW_ERR_NO_MEMORY;
    }
    tree->root->names = 1;
    *out = tree;
    return PW_OK;
}

pw_wasi_tree *pwi_mem_tree_share(pw_wasi_tree *tree)
{
    pwi_ref_inc(&tree->references);
    return tree;
}

void pw_wasi_tree_free(pw_wasi_tree *tree)
{
    if (tree && pwi_ref_dec(&tree->references))
        destroy(tree);
}

pwi_errno pwi_mem_node_new(pw_wasi_tree *tree, uint8_t type, uint64_t now, pwi_mem_node **out)
{
    if (tree->cap - tree->used < PWI_MEM_NODE_COST)
        return PWI_ENOSPC;
    pwi_mem_node *node = pwi_alloc_zero(1, sizeof *node);
    if (!node)
        return PWI_ENOMEM;
    tree->used += PWI_MEM_NODE_COST;
    node->type = type;
    node->ino = ++tree->last_ino;
    node->atim = node->mtim = node->ctim = now;
    *out = node;
    return PWI_ESUCCESS;
}

void pwi_mem_node_drop(pw_wasi_tree *tree, pwi_mem_node *node)
{
    if (node->names > 0 || node->opens > 0)
        return;
    tree->used -= PWI_MEM_NODE_COST + node->capacity;
    pwi_free(node->data);
    pwi_free(node);
}
