/* vm_renew_darwin.c - pages of zeros are mapped anew. */
#define _DARWIN_C_SOURCE
#include <sys/mman.h>

#include "base/vm_image.h"

bool pwi_vm_renew(uint8_t *address, size_t size)
{
    return mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) != MAP_FAILED;
}
