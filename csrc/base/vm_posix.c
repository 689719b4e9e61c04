/* vm_posix.c - address space by mmap. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE under -std=c11 */
#define _DARWIN_C_SOURCE
#include "base/vm.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif
/* Without it a reservation of 4 GiB counts against the host's overcommit limit although nothing is used of it. */
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

uint8_t *pwi_vm_reserve(size_t size)
{
    void *address = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return address == MAP_FAILED ? NULL : address;
}

int pwi_vm_commit(uint8_t *address, size_t size)
{
    return size == 0 || mprotect(address, size, PROT_READ | PROT_WRITE) == 0;
}

void pwi_vm_release(uint8_t *address, size_t size)
{
    if (address)
        (void)munmap(address, size);
}

size_t pwi_vm_page_size(void)
{
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? (size_t)size : 4096;
}
