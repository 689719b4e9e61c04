/* fd_table.h - the guest's file descriptors: small numbers to open things. Numbers are given lowest first, never 0,
 * 1 or 2 again (programs take these for their streams). */
#ifndef PW_WASI_FD_TABLE_H
#define PW_WASI_FD_TABLE_H

#include "wasi/core/dir_list.h"
#include "wasi/core/grant.h"
#include "wasi/core/rights.h"
#include "wasi/core/stream.h"

typedef enum pwi_fd_kind {
    PWI_FD_FREE = 0,
    PWI_FD_FILE, /* anything that is read and written through a handle */
    PWI_FD_DIR,
    PWI_FD_STREAM, /* standard input or output that is no file */
    PWI_FD_SOCKET  /* a stream socket */
} pwi_fd_kind;

/* fdflags of WASI. */
enum {
    PWI_FDFLAG_APPEND = 1,
    PWI_FDFLAG_DSYNC = 2,
    PWI_FDFLAG_NONBLOCK = 4,
    PWI_FDFLAG_RSYNC = 8,
    PWI_FDFLAG_SYNC = 16,
    PWI_FDFLAG_ALL = 31
};

typedef struct pwi_fd {
    pwi_fd_kind kind;
    uint8_t type;    /* PWI_TYPE_... */
    uint8_t access;  /* PWI_OPEN_READ, PWI_OPEN_WRITE: how a file was opened */
    uint8_t traits;  /* PWI_FS_...: of a DIR once it was used, of what was opened in it */
    bool unsettled;  /* FILE that may turn out to be a DIR (pwi_fd_settle); reading does not mind */
    bool unseen;     /* unsettled, and may even be a FIFO or a device: seen_names.h */
    bool listens;    /* SOCKET: it accepts connections */
    bool is_preopen; /* a granted directory itself: the guest asks for its path */
    bool may_block;  /* a FIFO or the like: wait before reading and writing */
    bool
        is_shared; /* the open file belongs to the process (a stream that is a file): no flags are set on it */
    uint16_t flags; /* PWI_FDFLAG_... */
    uint64_t rights;
    uint64_t inheriting;  /* unsettled: what the directory above gives */
    const pwi_fs_ops *fs; /* FILE, DIR */
    pwi_os_handle handle; /* FILE, DIR, SOCKET; owned */
    const pwi_grant *grant;
    pwi_dir_list *list; /* DIR: what fd_readdir is going through; owned */
    pwi_stream *stream; /* STREAM, or FILE that is one of the standard streams; belongs to the pw_wasi */
} pwi_fd;

/* Whether it belongs to a tree of files: fs is set. */
static inline bool pwi_fd_has_fs(const pwi_fd *entry)
{
    return entry->kind == PWI_FD_FILE || entry->kind == PWI_FD_DIR;
}

/* Finds out what was opened; nothing to do once that is known. PERM: it is a device, and not to be used. */
PW_MUST_USE pwi_errno pwi_fd_settle_now(pwi_fd *entry);
static inline pwi_errno pwi_fd_settle(pwi_fd *entry)
{
    return entry->unsettled ? pwi_fd_settle_now(entry) : PWI_ESUCCESS;
}

/* Whether calls on it should let the embedder's other threads run. */
static inline bool pwi_fd_is_slow(const pwi_fd *entry)
{
    return (entry->traits & (PWI_FS_KNOWN | PWI_FS_FAST)) == PWI_FS_KNOWN;
}

typedef struct pwi_fd_table {
    pwi_fd *slots;
    size_t capacity;
    uint32_t free; /* no number from 3 up to here is free */
    uint32_t used; /* slots that are not FREE */
    uint32_t max;
    size_t listed; /* bytes of the lists of all descriptors */
} pwi_fd_table;

/* Gives a descriptor its list (or takes it: NULL), and frees the one that it had. */
void pwi_fd_set_list(pwi_fd_table *table, pwi_fd *entry, pwi_dir_list *list);

/* The open descriptor, or NULL. The pointer is good until the next insert. */
static inline pwi_fd *pwi_fd_lookup(const pwi_fd_table *table, uint32_t fd)
{
    return fd < table->capacity && table->slots[fd].kind != PWI_FD_FREE ? &table->slots[fd] : NULL;
}
/* Takes over entry (its handle, its list) on success. MFILE when max are open. */
PW_MUST_USE pwi_errno pwi_fd_insert(pwi_fd_table *table, const pwi_fd *entry, uint32_t *fd);
/* The same at 0, 1 or 2, which have to be free. */
PW_MUST_USE pwi_errno pwi_fd_insert_stdio(pwi_fd_table *table, const pwi_fd *entry, uint32_t fd);
/* Whether one more may be opened: asked before a file is made. */
PW_MUST_USE pwi_errno pwi_fd_room(const pwi_fd_table *table);
PW_MUST_USE pwi_errno pwi_fd_close(pwi_fd_table *table, uint32_t fd);
/* Moves `from` to the number `to`, closing what was there. Both must be open: BADF. */
PW_MUST_USE pwi_errno pwi_fd_renumber(pwi_fd_table *table, uint32_t from, uint32_t to);
void pwi_fd_table_destroy(pwi_fd_table *table);

#endif
