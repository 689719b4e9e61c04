/* One tree in memory, several guests in threads of their own, and the embedder between them. For the thread sanitizer:
 * what the calls answer depends on who was faster, that nothing breaks does not. */
#include <pthread.h>

#include "test_wasi_support.h"
#include "wasi/core/mem_tree.h"

enum { THREADS = 4, ROUNDS = 300 };

typedef struct worker {
    pthread_t thread;
    guest g;
    uint32_t number;
} worker;

static void *work(void *env)
{
    worker *self = env;
    guest *g = &self->g;
    char name[16], other[16];
    uint32_t fd;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "%u", i % 5);
        snprintf(other, sizeof other, "d/%u", (i + self->number) % 3);
        if (guest_path_open(g, 3, 1, name, O_CREAT_, RIGHTS_READ | RIGHTS_WRITE, &fd) == PWI_ESUCCESS) {
            (void)CALL(g, fd_write, fd, guest_iov(g, AT_BUFFER, 3000), 1, AT_RESULT);
            (void)CALL(g, fd_pread, fd, guest_iov(g, AT_BUFFER, 3000), 1, 100, AT_RESULT);
            (void)CALL(g, fd_close, fd);
        }
        (void)CALL(g, path_create_directory, 3, PATH_ARGS(g, "d"));
        (void)CALL(g, path_rename, 3, PATH_ARGS(g, name), 3, AT_PATH2, guest_put(g, AT_PATH2, other));
        (void)CALL(g, fd_readdir, 3, AT_BUFFER, 4096, 0, AT_RESULT);
        (void)CALL(g, path_unlink_file, 3, PATH_ARGS(g, other));
    }
    return NULL;
}

static void ignore_bytes(void *env, const uint8_t *data, size_t size)
{
    (void)env, (void)data, (void)size;
}

int main(void)
{
    static worker workers[THREADS];
    static const uint8_t bytes[2000];
    pw_wasi_tree *tree;
    pw_wasi_config *config;
    if (pw_wasi_tree_new(1 << 20, &tree) != PW_OK || pw_wasi_config_new(&config) != PW_OK ||
        pw_wasi_config_tree(config, tree, "/", PW_WASI_READ_WRITE) != PW_OK)
        return 2;
    for (uint32_t i = 0; i < THREADS; i++) {
        guest_open(&workers[i].g, config);
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 2;
    }
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t written = pw_wasi_tree_put(tree, "d/1", 3, bytes, sizeof bytes, 0);
        uint32_t found = pw_wasi_tree_get(tree, "1", 1, true, ignore_bytes, NULL);
        CHECK(written == PWI_ESUCCESS || written == PWI_ENOSPC);
        CHECK(found == PWI_ESUCCESS || found == PWI_ENOENT);
        CHECK(pw_wasi_tree_used(tree) <= 1 << 20);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++)
        guest_close(&workers[i].g);
    pw_wasi_config_free(config);
    CHECK(pw_wasi_tree_used(tree) > PWI_MEM_NODE_COST);
    pw_wasi_tree_free(tree);
    return finish("trees in memory, threads");
}
