/* vm_image.h - the content of a range of memory, kept to be put into other ranges any number of times.
 *
 * Only what is not zero is kept, in runs of whole blocks:
 *
 *   block     0      1      2      3      4      5
 *          | data | data | zero | data | zero | zero |       size = 6 blocks
 *   runs   |  0 ... 2    |      | 3..4 |                     used = 4 blocks
 *
 * Where the system can (vm_cow_linux.c), the runs lie in a file without a name, which is mapped copy-on-write: that costs the
 * same for any size, and pages are copied as they are written to. Elsewhere (and where it refuses) they lie in the heap
 * and are copied. An image is written by one thread and then never changes. */
#ifndef PW_BASE_VM_IMAGE_H
#define PW_BASE_VM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PWI_VM_BLOCK ((size_t)4096)
/* So small a range is written anew in less time than the system needs to map a page or two of it again. */
#define PWI_VM_SMALL ((uint64_t)256 << 10)

typedef struct pwi_vm_run {
    uint64_t offset, length; /* in the range; whole blocks, but for the end of the range */
    size_t place;            /* in bytes */
} pwi_vm_run;

typedef struct pwi_vm_image {
    uint32_t references;
    uint64_t size; /* of the range */
    uint64_t used; /* end of the last run, in whole host pages */
    int file;      /* or -1 */
    pwi_vm_run *runs;
    size_t run_count, run_capacity;
    uint8_t *bytes; /* without a file, and of small ranges */
    size_t byte_count, byte_capacity;
} pwi_vm_image;

/* An image of zeros. NULL: no memory. mappable: whether a file is wanted. */
pwi_vm_image *pwi_vm_image_new(uint64_t size, bool mappable);
void pwi_vm_image_retain(pwi_vm_image *image);
void pwi_vm_image_free(pwi_vm_image *image);
/* Adds content behind all that was added so far; offset and length as in pwi_vm_run, inside the range. false: no memory. */
bool pwi_vm_image_add(pwi_vm_image *image, uint64_t offset, const uint8_t *bytes, size_t length);
/* Adds all blocks of a range that are not zero. */
bool pwi_vm_image_add_range(pwi_vm_image *image, const uint8_t *bytes, uint64_t length);
/* No more is added. */
void pwi_vm_image_close(pwi_vm_image *image);

/* Copies from a run, count bytes from its byte `from` on. false: the system could not read them. */
bool pwi_vm_image_read(const pwi_vm_image *image, size_t run, uint64_t from, uint8_t *to, size_t count);
/* Copies all runs to a range of zeros. */
bool pwi_vm_image_copy(const pwi_vm_image *image, uint8_t *to);
/* Makes pages of any content, at least the range, those of a small image: its runs, and zeros between and behind. */
void pwi_vm_image_put_back(const pwi_vm_image *image, uint8_t *to, size_t size);
/* Maps [0, used) over pages that the caller has reserved, private and writable. false: copy instead. */
bool pwi_vm_image_map(const pwi_vm_image *image, uint8_t *to);

/* ---- vm_cow_linux.c, and vm_cow_elsewhere.c with vm_renew_<system>.c ---- */

/* A file without a name, -1 where there is none. */
int pwi_vm_file_open(void);
bool pwi_vm_file_write(int file, uint64_t offset, const uint8_t *bytes, size_t length);
bool pwi_vm_file_read(int file, uint64_t offset, uint8_t *to, size_t length);
/* Gives it its size, and lets nobody write to it any more. */
bool pwi_vm_file_close_at(int file, uint64_t size);
bool pwi_vm_file_map(int file, uint8_t *to, size_t length);
void pwi_vm_file_free(int file);
/* Makes whole pages what they were when they were mapped: of zeros or of the file. false: the system cannot. */
bool pwi_vm_forget(uint8_t *address, size_t size);
/* Replaces committed pages, whatever is mapped there, by pages of zeros. false: nothing has changed. */
bool pwi_vm_renew(uint8_t *address, size_t size);

#endif
