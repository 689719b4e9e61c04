/* Trees in memory: random calls whose books must balance, the cap to the byte, deep nesting, and, in a torture build,
 * every allocation failing once. What the calls mean is compared with a directory of the host in tests/unit/wasi. */
#include "test_wasi_support.h"

#include "base/alloc.h"
#include "wasi/core/mem_tree.h"

#define ROOT_COST PWI_MEM_NODE_COST

static pw_wasi_tree *new_tree(uint64_t cap)
{
    pw_wasi_tree *tree;
    if (pw_wasi_tree_new(cap, &tree) != PW_OK)
        exit(2);
    return tree;
}

static uint32_t put(pw_wasi_tree *tree, const char *path, size_t size)
{
    static const uint8_t bytes[5000];
    return pw_wasi_tree_put(tree, path, strlen(path), bytes, size, PW_WASI_NOW);
}

static uint32_t remove_path(pw_wasi_tree *tree, const char *path)
{
    return pw_wasi_tree_remove(tree, path, strlen(path));
}

static void count_size(void *env, const uint8_t *data, size_t size)
{
    CHECK(size == 0 || data);
    *(size_t *)env += size;
}

static void count_entry(void *env, const char *name, size_t length, uint8_t type, uint64_t size)
{
    (void)size;
    CHECK(strlen(name) == length && length > 0 && type >= PWI_TYPE_DIRECTORY);
    ++*(size_t *)env;
}

/* What is used is what can be seen, plus what is allocated ahead. */
static uint64_t visible_cost(const pw_wasi_tree *tree)
{
    uint64_t total = PWI_MEM_NODE_COST;
    for (size_t i = 0; i < tree->bucket_count; i++)
        for (const pwi_mem_name *name = tree->buckets[i]; name; name = name->next)
            total += PWI_MEM_NAME_COST + name->length +
                     (PWI_MEM_NODE_COST + name->node->capacity) / name->node->names;
    return total;
}

static void test_cap(void)
{
    const uint64_t file = PWI_MEM_NODE_COST + PWI_MEM_NAME_COST + 1;
    pw_wasi_tree *tree = new_tree(ROOT_COST + file + 100);
    CHECK_EQ(pw_wasi_tree_used(tree), ROOT_COST);
    CHECK_EQ(put(tree, "f", 100), PWI_ESUCCESS);
    CHECK_EQ(pw_wasi_tree_used(tree), ROOT_COST + file + 100);
    CHECK_EQ(put(tree, "f", 101), PWI_ENOSPC);
    CHECK_EQ(put(tree, "f", 0), PWI_ESUCCESS);
    CHECK_EQ(pw_wasi_tree_used(tree), ROOT_COST + file);
    CHECK_EQ(put(tree, "g", 0), PWI_ENOSPC);
    CHECK_EQ(remove_path(tree, "f"), PWI_ESUCCESS);
    CHECK_EQ(pw_wasi_tree_used(tree), ROOT_COST);
    pw_wasi_tree_free(tree);
    tree = new_tree(0); /* room for the root, and nothing else */
    CHECK_EQ(put(tree, "f", 0), PWI_ENOSPC);
    CHECK_EQ(pw_wasi_tree_make_dir(tree, "d", 1), PWI_ENOSPC);
    CHECK_EQ(pw_wasi_tree_used(tree), ROOT_COST);
    pw_wasi_tree_free(tree);
}

static void test_paths_of_the_embedder(void)
{
    pw_wasi_tree *tree = new_tree(1 << 20);
    size_t size = 0, names = 0;
    CHECK_EQ(put(tree, "a/b/c", 10), PWI_ESUCCESS);
    CHECK_EQ(pw_wasi_tree_link(tree, "a/l", 3, "b/c", 3), PWI_ESUCCESS);
    CHECK_EQ(pw_wasi_tree_get(tree, "a/l", 3, true, count_size, &size), PWI_ESUCCESS);
    CHECK_EQ(size, 10);
    CHECK_EQ(pw_wasi_tree_get(tree, "a/l", 3, false, count_size, &size), PWI_ESUCCESS);
    CHECK_EQ(size, 13);
    CHECK_EQ(pw_wasi_tree_get(tree, "a/b", 3, true, count_size, &size), PWI_EISDIR);
    CHECK_EQ(pw_wasi_tree_get(tree, "", 0, true, count_size, &size), PWI_EISDIR);
    CHECK_EQ(pw_wasi_tree_get(tree, "a/b/c/", 6, true, count_size, &size), PWI_ENOTDIR);
    CHECK_EQ(pw_wasi_tree_get(tree, "a/b/c", 5, false, count_size, &size), PWI_EINVAL);
    CHECK_EQ(pw_wasi_tree_list(tree, "a", 1, count_entry, &names), PWI_ESUCCESS);
    CHECK_EQ(names, 2);
    CHECK_EQ(pw_wasi_tree_list(tree, "a/b/c", 5, count_entry, &names), PWI_ENOTDIR);
    CHECK_EQ(put(tree, "/a", 1), PWI_EPERM);
    CHECK_EQ(put(tree, "../a", 1), PWI_EPERM);
    CHECK_EQ(put(tree, "a/b", 1), PWI_EISDIR);
    CHECK_EQ(put(tree, "", 1), PWI_EISDIR);
    CHECK_EQ(put(tree, "a/b/c/d", 1), PWI_ENOTDIR);
    CHECK_EQ(pw_wasi_tree_link(tree, "x", 1, "/etc", 4), PWI_EPERM);
    CHECK_EQ(pw_wasi_tree_put(tree, "\xff", 1, NULL, 0, 0), PWI_EILSEQ);
    CHECK_EQ(pw_wasi_tree_put(tree, "a\0b", 3, NULL, 0, 0), PWI_EINVAL);
    CHECK_EQ(remove_path(tree, "a"), PWI_ENOTEMPTY);
    CHECK_EQ(remove_path(tree, "a/b/c/"), PWI_ENOTDIR);
    CHECK_EQ(remove_path(tree, "."), PWI_EINVAL);
    pw_wasi_tree_free(tree);
}

static void open_guest(guest *g, pw_wasi_tree *tree)
{
    pw_wasi_config *config;
    if (pw_wasi_config_new(&config) != PW_OK ||
        pw_wasi_config_tree(config, tree, "/", PW_WASI_READ_WRITE) != PW_OK)
        exit(2);
    CHECK_EQ(pw_wasi_config_tree(config, tree, "", PW_WASI_READ), PW_ERR_ARGUMENT);
    guest_open(g, config);
    pw_wasi_config_free(config);
}

static const char *const some_names[] = {"a", "b", "c", "a/a", "a/b", "b/a", "b/b/c", "l", "l/x", "a/"};

static const char *pick(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return some_names[(*state >> 16) % (sizeof some_names / sizeof some_names[0])];
}

static void random_call(guest *g, uint32_t *state)
{
    const char *one = pick(state), *two = pick(state);
    uint32_t fd, choice = *state >> 8;
    switch (choice % 8) {
    case 0:
    case 1:
        if (guest_path_open(g, 3, 1, one, choice & 16 ? O_CREAT_ : O_CREAT_ | O_TRUNC_,
                            RIGHTS_READ | RIGHTS_WRITE, &fd) == PWI_ESUCCESS) {
            (void)CALL(g, fd_write, fd, guest_iov(g, AT_BUFFER, choice % 3000), 1, AT_RESULT);
            (void)CALL(g, fd_filestat_set_size, fd, choice % 5000);
            if (choice & 32)
                (void)CALL(g, fd_close, fd);
        }
        break;
    case 2:
        (void)CALL(g, path_create_directory, 3, PATH_ARGS(g, one));
        break;
    case 3:
        (void)CALL(g, path_remove_directory, 3, PATH_ARGS(g, one));
        break;
    case 4:
        (void)CALL(g, path_unlink_file, 3, PATH_ARGS(g, one));
        break;
    case 5:
        (void)CALL(g, path_rename, 3, PATH_ARGS(g, one), 3, AT_PATH2, guest_put(g, AT_PATH2, two));
        break;
    case 6:
        (void)CALL(g, path_link, 3, 0, PATH_ARGS(g, one), 3, AT_PATH2, guest_put(g, AT_PATH2, two));
        break;
    default:
        (void)CALL(g, path_symlink, PATH_ARGS(g, one), 3, AT_PATH2, guest_put(g, AT_PATH2, two));
    }
}

static void test_the_books_balance(void)
{
    static guest g;
    pw_wasi_tree *tree = new_tree(40000);
    uint32_t state = 1;
    for (int round = 0; round < 50; round++) {
        open_guest(&g, tree);
        for (int i = 0; i < 300; i++) {
            random_call(&g, &state);
            CHECK(tree->used <= tree->cap);
        }
        guest_close(&g); /* what is open and has no name goes with it */
        uint64_t cost = visible_cost(tree);
        CHECK(cost <= tree->used && tree->used - cost < 200); /* shares of many names are rounded */
    }
    CHECK(tree->used > 2000); /* or nothing was tested */
    pw_wasi_tree_free(tree);
}

/* A guest may nest as deeply as the cap allows; nothing that is done with such a tree may recurse. */
static void test_deep(void)
{
    static guest g;
    pw_wasi_tree *tree = new_tree(64 << 20);
    uint32_t fd = 3, deeper = 3, depth = 0;
    open_guest(&g, tree);
    while (depth < 100000 && CALL(&g, path_create_directory, fd, PATH_ARGS(&g, "d")) == PWI_ESUCCESS) {
        CHECK_EQ(guest_path_open(&g, fd, 0, "d", O_DIR_, RIGHTS_READ, &deeper), PWI_ESUCCESS);
        if (fd != 3)
            CHECK_EQ(CALL(&g, fd_close, fd), PWI_ESUCCESS);
        fd = deeper;
        depth++;
    }
    CHECK_EQ(depth, 100000);
    CHECK_EQ(CALL(&g, path_rename, 3, PATH_ARGS(&g, "d"), fd, AT_PATH2, guest_put(&g, AT_PATH2, "x")),
             PWI_EINVAL);
    guest_close(&g);
    pw_wasi_tree_free(tree);
}

static void test_lives_of_nodes(void)
{
    static guest g;
    pw_wasi_tree *tree = new_tree(1 << 20);
    uint32_t dir = 0, file = 0;
    open_guest(&g, tree);
    CHECK_EQ(put(tree, "d/f", 1000), PWI_ESUCCESS);
    CHECK_EQ(guest_path_open(&g, 3, 0, "d", O_DIR_, RIGHTS_READ, &dir), PWI_ESUCCESS);
    CHECK_EQ(guest_path_open(&g, dir, 0, "f", 0, RIGHTS_READ, &file), PWI_ESUCCESS);
    CHECK_EQ(remove_path(tree, "d/f"), PWI_ESUCCESS);
    CHECK_EQ(remove_path(tree, "d"), PWI_ESUCCESS);
    CHECK(pw_wasi_tree_used(tree) > 1000);
    /* A directory that is gone stays empty. */
    CHECK_EQ(CALL(&g, path_create_directory, dir, PATH_ARGS(&g, "x")), PWI_ENOENT);
    CHECK_EQ(guest_path_open(&g, dir, 0, "x", O_CREAT_, RIGHTS_WRITE, &file), PWI_ENOENT);
    CHECK_EQ(CALL(&g, fd_read, file, guest_iov(&g, AT_BUFFER, 2000), 1, AT_RESULT), PWI_ESUCCESS);
    CHECK_EQ(result_u32(&g), 1000);
    pw_wasi_tree_free(tree); /* the guest has a share of its own */
    CHECK_EQ(CALL(&g, path_create_directory, 3, PATH_ARGS(&g, "still")), PWI_ESUCCESS);
    guest_close(&g);
}

#ifdef PW_TORTURE
/* Nothing is lost and nothing changes by half when memory runs out. */
static void test_allocations_that_fail(void)
{
    static guest g;
    unsigned long refused = 0;
    for (unsigned long n = 1; n < 400; n++) {
        pw_wasi_tree *tree = new_tree(1 << 20);
        uint32_t state = (uint32_t)n;
        open_guest(&g, tree);
        pwi_alloc_fail_after(n % 40 + 1);
        for (int i = 0; i < 40; i++)
            random_call(&g, &state);
        refused += put(tree, "x/y/z", 100) == PWI_ENOMEM;
        pwi_alloc_fail_after(n % 10 + 1);
        refused += put(tree, "r/s/t", 100) == PWI_ENOMEM;
        pwi_alloc_fail_after(0);
        guest_close(&g);
        uint64_t cost = visible_cost(tree);
        CHECK(cost <= tree->used && tree->used - cost < 200);
        pw_wasi_tree_free(tree);
    }
    CHECK(refused > 20);
}
#endif

int main(void)
{
    test_cap();
    test_paths_of_the_embedder();
    test_the_books_balance();
    test_deep();
    test_lives_of_nodes();
#ifdef PW_TORTURE
    test_allocations_that_fail();
#endif
    CHECK(strcmp(pw_wasi_errno_name(PWI_ENOSPC), "ENOSPC") == 0);
    CHECK(!pw_wasi_errno_name(1000));
    return finish("trees in memory");
}
