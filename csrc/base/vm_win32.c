/* vm_win32.c - address space by VirtualAlloc. */
#include "base/vm.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

uint8_t *pwi_vm_reserve(size_t size)
{
    return VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS);
}

int pwi_vm_commit(uint8_t *address, size_t size)
{
    return size == 0 || VirtualAlloc(address, size, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

void pwi_vm_release(uint8_t *address, size_t size)
{
    (void)size; /* MEM_RELEASE frees the whole reservation and wants 0 */
    if (address)
        (void)VirtualFree(address, 0, MEM_RELEASE);
}

size_t pwi_vm_page_size(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}
