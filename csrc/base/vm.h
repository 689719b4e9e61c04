/* vm.h - reserving and committing address space; one implementation file per OS (vm_posix.c, vm_win32.c). */
#ifndef PW_BASE_VM_H
#define PW_BASE_VM_H

#include <stddef.h>
#include <stdint.h>

/* Reserves size bytes without access rights. NULL when the host refuses (RLIMIT_AS, 32-bit hosts). */
uint8_t *pwi_vm_reserve(size_t size);
/* Makes [address, address + size) readable, writable and zero; whole host pages. 0 on failure. */
int pwi_vm_commit(uint8_t *address, size_t size);
void pwi_vm_release(uint8_t *address, size_t size);
size_t pwi_vm_page_size(void);

#endif
