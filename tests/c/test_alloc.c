/* Allocation: sizes that overflow, vectors that grow; reserved and committed address space. */
#include "base/alloc.h"

#include "base/vm.h"
#include "wasm_fixture.h"

static void test_sizes(void)
{
    CHECK(pwi_alloc((size_t)-1) == NULL);
    CHECK(pwi_alloc((size_t)-1 / 2 + 1) == NULL);
    CHECK(pwi_alloc_zero((size_t)-1 / 8, 16) == NULL);
    void *nothing = pwi_alloc(0);
    CHECK(nothing != NULL);
    CHECK(pwi_realloc(nothing, (size_t)-1 / 4, 8) == NULL); /* and the old one is still there */
    nothing = pwi_realloc(nothing, 0, 8);
    CHECK(nothing != NULL);
    pwi_free(nothing);
    pwi_free(NULL);
    uint8_t *zeros = pwi_alloc_zero(100, 10);
    CHECK(zeros != NULL);
    for (int i = 0; i < 1000; i++)
        CHECK(zeros[i] == 0);
    pwi_free(zeros);
}

static void test_reserve(void)
{
    uint32_t *data = NULL;
    size_t capacity = 0;
    int moves = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        size_t before = capacity;
        CHECK(pwi_reserve((void **)&data, &capacity, (size_t)i + 1, sizeof *data));
        CHECK(capacity > i);
        moves += capacity != before;
        data[i] = i;
    }
    CHECK(moves < 40); /* grows by a part of itself, not by one */
    CHECK(data[0] == 0 && data[99999] == 99999);
    size_t before = capacity;
    uint32_t *same = data;
    CHECK(!pwi_reserve((void **)&data, &capacity, (size_t)-1 / 2, sizeof *data));
    CHECK(capacity == before && data == same && data[99999] == 99999);
    pwi_free(data);
}

static void test_address_space(void)
{
    size_t page = pwi_vm_page_size(), size = (size_t)1 << 30;
    CHECK(page >= 4096 && (page & (page - 1)) == 0);
    uint8_t *base = pwi_vm_reserve(size);
    CHECK(base != NULL);
    CHECK(pwi_vm_commit(base, 0));
    CHECK(pwi_vm_commit(base, page));
    CHECK(pwi_vm_commit(base + size / 2, 4 * page));
    for (size_t i = 0; i < 4 * page; i++)
        CHECK(base[size / 2 + i] == 0);
    memset(base, 1, page);
    memset(base + size / 2, 2, 4 * page);
    CHECK(pwi_vm_commit(base, 2 * page)); /* what was there stays */
    CHECK(base[page - 1] == 1 && base[page] == 0);
    pwi_vm_release(base, size);
    CHECK(pwi_vm_reserve((size_t)-1 / 2 / page * page) == NULL);
    pwi_vm_release(NULL, 0);
}

static void test_counts(void)
{
    uint32_t count = 1;
    pwi_ref_inc(&count);
    CHECK(!pwi_ref_dec(&count) && pwi_ref_dec(&count));
    pwi_mutex mutex;
    CHECK(pwi_mutex_init(&mutex));
    pwi_mutex_lock(&mutex);
    pwi_mutex_unlock(&mutex);
    pwi_mutex_destroy(&mutex);
}

int main(void)
{
    test_sizes();
    test_reserve();
    test_address_space();
    test_counts();
    return 0;
}
