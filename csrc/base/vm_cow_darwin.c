/* vm_cow_darwin.c - no copy-on-write here: images lie in the heap and are copied. Pages of zeros are mapped anew. */
#define _DARWIN_C_SOURCE
#include <sys/mman.h>

#include "base/vm_image.h"

int pwi_vm_file_open(void)
{
    return -1;
}

bool pwi_vm_file_write(int file, uint64_t offset, const uint8_t *bytes, size_t length)
{
    (void)file;
    (void)offset;
    (void)bytes;
    (void)length;
    return false;
}

bool pwi_vm_file_read(int file, uint64_t offset, uint8_t *to, size_t length)
{
    (void)file;
    (void)offset;
    (void)to;
    (void)length;
    return false;
}

bool pwi_vm_file_close_at(int file, uint64_t size)
{
    (void)file;
    (void)size;
    return false;
}

bool pwi_vm_file_map(int file, uint8_t *to, size_t length)
{
    (void)file;
    (void)to;
    (void)length;
    return false;
}

void pwi_vm_file_free(int file)
{
    (void)file;
}

bool pwi_vm_forget(uint8_t *address, size_t size)
{
    (void)address;
    (void)size;
    return false;
}

bool pwi_vm_renew(uint8_t *address, size_t size)
{
    return mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) != MAP_FAILED;
}
