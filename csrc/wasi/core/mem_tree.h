/* mem_tree.h - files in memory: a tree that guests and the embedder share. As a table of fs_ops: pwi_mem_fs.
 *
 *   tree ──► root node                 names are found by (directory, text) in one hash table of the tree:
 *     │        ▲ dir     ┌──────┐      no directory is slow because it is large
 *     └─ names ┴─────────│ name │──► node    a file with its bytes, a directory, a link with its content
 *                        └──────┘
 *   handle ──► node, position        what an open descriptor is; it keeps the tree and the node alive
 *
 * A node lives as long as a name or a handle leads to it. Nothing recurses, however deep directories are nested.
 * All of it is paid for out of the tree's cap, in bytes: contents as they are allocated, and PWI_MEM_NODE_COST and
 * PWI_MEM_NAME_COST for what is around them, so that a guest that makes empty files comes to an end too.
 *
 * One lock for the tree; the functions here without a tree of their own want it held.
 */
#ifndef PW_WASI_MEM_TREE_H
#define PW_WASI_MEM_TREE_H

#include "base/sync.h"
#include "wasi/core/fs_ops.h"
#include "wasi/core/wasi_state.h"

#define PWI_MEM_NODE_COST 192u
#define PWI_MEM_NAME_COST 128u

typedef struct pwi_mem_name pwi_mem_name;

typedef struct pwi_mem_node {
    uint8_t type;   /* PWI_TYPE_... */
    uint32_t names; /* that lead here; the root has one that nobody sees */
    uint32_t opens; /* handles */
    uint64_t ino;
    uint64_t atim, mtim, ctim;
    /* REGULAR_FILE: bytes. SYMBOLIC_LINK: its content. */
    uint8_t *data;
    size_t size;
    size_t capacity;
    /* DIRECTORY */
    struct pwi_mem_node *parent; /* NULL: the root, or removed */
    pwi_mem_name *first, *last;  /* in the order in which they were made */
    uint32_t subdirs;
} pwi_mem_node;

struct pwi_mem_name {
    pwi_mem_node *dir;
    pwi_mem_node *node;
    pwi_mem_name *before, *after; /* in dir */
    pwi_mem_name *next;           /* in its bucket */
    uint64_t hash;
    size_t length;
    char text[];
};

struct pw_wasi_tree {
    pwi_mutex lock;
    uint32_t references;
    uint64_t cap;
    uint64_t used;
    uint64_t last_ino;
    uint64_t hash_key[2]; /* random: a guest cannot choose names that meet in one bucket */
    pwi_mem_name **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t name_count;
    pwi_mem_node *root;
};

typedef struct pwi_mem_handle {
    pw_wasi_tree *tree;
    pwi_mem_node *node;
    const pw_wasi *guest; /* whose clock dates what is changed; NULL: the system's */
    uint64_t dev;
    uint64_t position;
    bool append;
} pwi_mem_handle;

extern const pwi_fs_ops pwi_mem_fs;

/* The root of a tree as a handle. dev is what stat tells. */
PW_MUST_USE pwi_errno pwi_mem_open_root(pw_wasi_tree *tree, const pw_wasi *guest, uint64_t dev,
                                        pwi_os_handle *out);
/* One more owner of the tree; pw_wasi_tree_free takes one away. */
pw_wasi_tree *pwi_mem_tree_share(pw_wasi_tree *tree);

/* mem_tree.c: nodes, and who pays for them. NOSPC, NOMEM. */
PW_MUST_USE pwi_errno pwi_mem_node_new(pw_wasi_tree *tree, uint8_t type, uint64_t now, pwi_mem_node **out);
/* Frees it if nothing leads to it any more. */
void pwi_mem_node_drop(pw_wasi_tree *tree, pwi_mem_node *node);

/* mem_names.c: what directories hold. */
pwi_mem_name *pwi_mem_find(const pw_wasi_tree *tree, const pwi_mem_node *dir, const char *text);
/* Gives a node a name that is free. NOENT if dir is removed. */
PW_MUST_USE pwi_errno pwi_mem_name_add(pw_wasi_tree *tree, pwi_mem_node *dir, const char *text,
                                       pwi_mem_node *node);
/* Takes the name away, and the node if that was its last. */
void pwi_mem_name_remove(pw_wasi_tree *tree, pwi_mem_name *name);
/* Gives what has one name another one, in the place of `replaced` if that is not NULL. Fails before anything has
 * changed. */
PW_MUST_USE pwi_errno pwi_mem_name_move(pw_wasi_tree *tree, pwi_mem_name *name, pwi_mem_node *dir,
                                        const char *text, pwi_mem_name *replaced);
/* Frees all names, and all nodes but the root. For a tree that nobody uses any more. */
void pwi_mem_names_destroy(pw_wasi_tree *tree);

/* mem_bytes.c: contents of files. */
size_t pwi_mem_read(const pwi_mem_node *file, uint64_t position, const pwi_os_iovec *iov, size_t count);
/* As much as the cap allows; NOSPC if that is nothing. */
PW_MUST_USE pwi_errno pwi_mem_write(pw_wasi_tree *tree, pwi_mem_node *file, uint64_t position,
                                    const pwi_os_iovec *iov, size_t count, size_t *done);
/* Cuts, or appends zeros. */
PW_MUST_USE pwi_errno pwi_mem_resize(pw_wasi_tree *tree, pwi_mem_node *file, uint64_t size);

#endif
