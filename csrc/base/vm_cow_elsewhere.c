/* vm_cow_elsewhere.c - no copy-on-write where it is not Linux: images lie in the heap and are copied. (On Windows a view of a
 * section cannot replace a part of a reservation, as long as that is not made of placeholders.) */
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
