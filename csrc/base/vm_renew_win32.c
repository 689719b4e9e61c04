/* vm_renew_win32.c - pages are not renewed: given back and asked for again they could be refused in between. */
#include "base/vm_image.h"

bool pwi_vm_renew(uint8_t *address, size_t size)
{
    (void)address;
    (void)size;
    return false;
}
