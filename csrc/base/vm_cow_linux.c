/* vm_cow_linux.c - copy-on-write by private mappings of a memfd. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* images of 2 GiB and more where long has 32 bits */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/vm_image.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1U
#define MFD_ALLOW_SEALING 2U
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif

/* By number: the function came to glibc ten years after the call to the kernel. */
int pwi_vm_file_open(void)
{
    long file = syscall(SYS_memfd_create, "pywasi", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return file >= 0 ? (int)file : -1;
}

bool pwi_vm_file_write(int file, uint64_t offset, const uint8_t *bytes, size_t length)
{
    while (length) {
        ssize_t done = pwrite(file, bytes, length, (off_t)offset);
        if (done == 0 || (done < 0 && errno != EINTR))
            return false;
        if (done > 0) {
            bytes += done;
            offset += (uint64_t)done;
            length -= (size_t)done;
        }
    }
    return true;
}

/* What is asked for has been written: there is no end of the file in it. */
bool pwi_vm_file_read(int file, uint64_t offset, uint8_t *to, size_t length)
{
    while (length) {
        ssize_t done = pread(file, to, length, (off_t)offset);
        if (done == 0 || (done < 0 && errno != EINTR))
            return false;
        if (done > 0) {
            to += done;
            offset += (uint64_t)done;
            length -= (size_t)done;
        }
    }
    return true;
}

/* Sealed because descriptors survive fork: a child cannot change what this process has mapped. */
bool pwi_vm_file_close_at(int file, uint64_t size)
{
    return ftruncate(file, (off_t)size) == 0 &&
           fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

bool pwi_vm_file_map(int file, uint8_t *to, size_t length)
{
    return mmap(to, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file, 0) != MAP_FAILED;
}

void pwi_vm_file_free(int file)
{
    (void)close(file);
}

bool pwi_vm_forget(uint8_t *address, size_t size)
{
    return madvise(address, size, MADV_DONTNEED) == 0;
}

bool pwi_vm_renew(uint8_t *address, size_t size)
{
    return mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
                0) != MAP_FAILED;
}
