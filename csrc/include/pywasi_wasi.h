/* pywasi_wasi.h - WASI for embedders: what a guest is granted, and the functions that it imports.
 *
 *   pw_wasi_config  what is granted; made once, used for any number of pw_wasi        (default: nothing)
 *   pw_wasi         the state of one guest: its file descriptors, streams, clocks     one per instance
 *   pw_wasi_lookup  module name, function name -> host function and signature         env of each is the pw_wasi
 *
 * A pw_wasi is used by one thread at a time, like the store of its instance. It must outlive the instance, or the
 * functions must not be called any more.
 */
#ifndef PYWASI_WASI_H
#define PYWASI_WASI_H

#include "pywasi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pw_wasi_config pw_wasi_config;
typedef struct pw_wasi pw_wasi;

/* ---- What is granted ------------------------------------------------------------------------------------------ */

PW_MUST_USE pw_result pw_wasi_config_new(pw_wasi_config **config);
void pw_wasi_config_free(pw_wasi_config *config);

/* Appends to argv (the first is the program's name). No NUL in it: PW_ERR_ARGUMENT. The bytes are copied. */
PW_MUST_USE pw_result pw_wasi_config_arg(pw_wasi_config *config, const char *bytes, size_t length);
/* Appends a variable. No NUL in either, no '=' in the name, the name not empty: else PW_ERR_ARGUMENT. */
PW_MUST_USE pw_result pw_wasi_config_env(pw_wasi_config *config, const char *name, size_t name_length,
                                         const char *value, size_t value_length);

/* What a grant of a directory allows below it. */
enum {
    PW_WASI_READ = 1,    /* read files, list directories, read links */
    PW_WASI_WRITE = 2,   /* write, truncate and extend existing files, set times */
    PW_WASI_CREATE = 4,  /* make files, directories and links */
    PW_WASI_DELETE = 8,  /* remove them; moving needs CREATE too */
    PW_WASI_APPEND = 16, /* write at the end of existing files, and nothing else; WRITE allows it too */
    PW_WASI_READ_ONLY = PW_WASI_READ,
    PW_WASI_READ_WRITE = PW_WASI_READ | PW_WASI_WRITE | PW_WASI_CREATE | PW_WASI_DELETE
};
/* Grants a host directory (path in UTF-8) under a guest path. It is opened by pw_wasi_new. */
PW_MUST_USE pw_result pw_wasi_config_dir(pw_wasi_config *config, const char *host_path,
                                         const char *guest_path, uint32_t access);

/* A tree of files in memory, for any number of guests, of any threads. Reference-counted: pw_wasi_tree_free gives up
 * the embedder's share; configurations and guests that it is granted to keep it alive.
 * cap: bytes for contents, names and what is around them (about 320 for a file); beyond it "no space". */
typedef struct pw_wasi_tree pw_wasi_tree;
PW_MUST_USE pw_result pw_wasi_tree_new(uint64_t cap, pw_wasi_tree **tree);
void pw_wasi_tree_free(pw_wasi_tree *tree);
/* Grants it under a guest path. */
PW_MUST_USE pw_result pw_wasi_config_tree(pw_wasi_config *config, pw_wasi_tree *tree, const char *guest_path,
                                          uint32_t access);
uint64_t pw_wasi_tree_used(pw_wasi_tree *tree);

/* The embedder's own look at a tree. All return an error number of WASI, 0 for success (pw_wasi_errno_name). Paths are
 * as a guest's: relative, UTF-8, '/' between names, links inside the tree are followed. "" is the root. */
#define PW_WASI_NOW UINT64_MAX
/* Writes a whole file, making the directories above it. modified: nanoseconds since 1970, or PW_WASI_NOW. */
PW_MUST_USE uint32_t pw_wasi_tree_put(pw_wasi_tree *tree, const char *path, size_t length,
                                      const uint8_t *data, size_t size, uint64_t modified);
/* Makes a directory and those above it; one that is there is no error. */
PW_MUST_USE uint32_t pw_wasi_tree_make_dir(pw_wasi_tree *tree, const char *path, size_t length);
/* Makes a symbolic link. */
PW_MUST_USE uint32_t pw_wasi_tree_link(pw_wasi_tree *tree, const char *path, size_t length,
                                       const char *content, size_t content_length);
/* Removes a file, a link or an empty directory. */
PW_MUST_USE uint32_t pw_wasi_tree_remove(pw_wasi_tree *tree, const char *path, size_t length);
/* Tells `take` the bytes of a file (of a link, if follow is false) while nobody can change them; it may not use the
 * tree. */
PW_MUST_USE uint32_t pw_wasi_tree_get(pw_wasi_tree *tree, const char *path, size_t length, bool follow,
                                      void (*take)(void *env, const uint8_t *data, size_t size), void *env);
/* Calls `entry` for each name in a directory, in the order of making; it may not use the tree. type: filetype of
 * WASI (3 directory, 4 file, 7 link). */
PW_MUST_USE uint32_t pw_wasi_tree_list(pw_wasi_tree *tree, const char *path, size_t length,
                                       void (*entry)(void *env, const char *name, size_t length, uint8_t type,
                                                     uint64_t size),
                                       void *env);
/* "ENOENT" for an error number of WASI; NULL if there is none of the number. */
const char *pw_wasi_errno_name(uint32_t number);

/* Grants a stream socket of the process (a file descriptor or SOCKET): a connection, or one that listens. The guest
 * finds them behind the directories, in this order. READ: receive, accept. WRITE: send; both also hold for what is
 * accepted. name (UTF-8) is how refusals and uses call it. pw_wasi_new duplicates it; it is not closed. A socket that
 * listens becomes a non-blocking one, on macOS and Windows a connection too. */
PW_MUST_USE pw_result pw_wasi_config_socket(pw_wasi_config *config, intptr_t socket, const char *name,
                                            uint32_t access);

enum { PW_WASI_STDIN = 0, PW_WASI_STDOUT = 1, PW_WASI_STDERR = 2 };
typedef enum pw_wasi_stdio_kind {
    PW_WASI_STDIO_NULL = 0, /* end of file; output is thrown away. The default. */
    PW_WASI_STDIO_BYTES,    /* stdin: data, copied. Output: kept, read with pw_wasi_output. */
    PW_WASI_STDIO_FD,       /* a file descriptor of the process; duplicated, not closed */
    PW_WASI_STDIO_CALLBACK  /* read or write */
} pw_wasi_stdio_kind;

#define PW_WASI_WOULD_BLOCK SIZE_MAX
typedef struct pw_wasi_stdio {
    pw_wasi_stdio_kind kind;
    const uint8_t *data; /* BYTES on stdin */
    size_t size;
    /* Output: bytes that the guest may write in all, beyond that "no space". Without is_capped 0 is 1 MiB for BYTES
     * and no limit for the others. Where FD is a file, what makes it longer counts like what is written. */
    uint64_t cap;
    bool is_capped;
    bool is_tty; /* CALLBACK on output: a terminal is behind it, which the guest must not program */
    int fd;      /* FD, and CALLBACK with waits */
    /* CALLBACK: its transfers may block until fd is ready. The engine waits for that, where the call can be stopped,
     * and calls read or write (with what a pipe takes at once) then. fd is not duplicated: whoever closes it closes it. */
    bool waits;
    /* CALLBACK. The buffer is valid during the call only. *done: bytes taken or given. On read 0 is the end of file
     * and PW_WASI_WOULD_BLOCK nothing yet, on write 0 is nothing yet: the guest is told "again". A result other than
     * PW_OK ends the guest's call with it. They may use the store and call into the guest. */
    pw_result (*read)(void *env, uint8_t *buffer, size_t size, size_t *done);
    pw_result (*write)(void *env, const uint8_t *data, size_t size, size_t *done);
    /* With waits, where fd is not ready: like read, of what has been read from fd before. 0 is nothing. Or NULL. */
    pw_result (*held)(void *env, uint8_t *buffer, size_t size, size_t *done);
    void *env;
} pw_wasi_stdio;
PW_MUST_USE pw_result pw_wasi_config_stdio(pw_wasi_config *config, int stream, const pw_wasi_stdio *stdio);

/* Both clocks stand at ns. Time passes only by the guest's own sleeping, which takes no real time. */
void pw_wasi_config_fixed_clock(pw_wasi_config *config, uint64_t ns);
/* random_get gives the same bytes for the same seed. */
void pw_wasi_config_seeded_random(pw_wasi_config *config, uint64_t seed);
/* File descriptors that may be open at once, stdio and granted directories among them. Default 256. */
void pw_wasi_config_max_fds(pw_wasi_config *config, uint32_t count);
/* Entries of one directory listing that are held in memory. Default 1,000,000. All listings together take 128 MiB at
 * most; beyond either: "no memory". */
void pw_wasi_config_max_dirents(pw_wasi_config *config, uint32_t count);

/* How paths are resolved. AUTO takes the kernel's way where there is one; the others are for tests. OPENAT2 makes
 * path calls fail with NOSYS where the kernel has none. */
typedef enum pw_wasi_resolver {
    PW_WASI_RESOLVER_AUTO = 0,
    PW_WASI_RESOLVER_OPENAT2,
    PW_WASI_RESOLVER_WALKER
} pw_wasi_resolver;
void pw_wasi_config_resolver(pw_wasi_config *config, pw_wasi_resolver resolver);

/* A refusal: what the guest wanted and was not granted. */
typedef struct pw_wasi_denial {
    const char *call;    /* "path_open" */
    const char *wanted;  /* "write", "a path outside of the directory": English, static */
    const char *granted; /* guest path of the grant that was asked, "" if none */
    uint32_t access;     /* PW_WASI_READ...: what a wider grant would have to allow; 0: no grant would help */
    char path[256];      /* the guest's path, shortened, UTF-8, "" if the call has none */
} pw_wasi_denial;

/* A grant that is about to be used. Told once per call that takes a path, per listing and per accepted connection;
 * reading and writing what is open is not told. */
typedef struct pw_wasi_use {
    const char *call;    /* "path_open" */
    const char *granted; /* guest path of the grant, or the name of the socket */
    uint32_t access;     /* PW_WASI_READ...: for what; 0: to look only */
    /* The whole path as the guest said it, any bytes; NULL if the call has none. */
    const char *raw;
    size_t raw_length;
    /* Whether the path begins at a directory that the guest opened below the grant. Then dir is that directory as the
     * system knows it, a descriptor or a HANDLE (for grants of host directories). */
    bool is_below;
    intptr_t dir;
    char path[256]; /* the guest's path below the grant, or the address of the peer; as in pw_wasi_denial */
} pw_wasi_use;

/* Any of these may be NULL. */
typedef struct pw_wasi_hooks {
    void *env;
    /* Called at least every 10 ms while a call is blocked; may not call into the store. Not PW_OK: the guest's call
     * ends with it. */
    pw_result (*poll)(void *env);
    /* Around system calls that may take long: give a lock of the embedder (the GIL) away, take it back. */
    void (*release)(void *env);
    void (*acquire)(void *env);
    /* Told of every refusal, before the guest sees its error number. */
    void (*denied)(void *env, const pw_wasi_denial *denial);
    /* Told of every use of a grant, after the checks and before anything is done. *allowed is true before; false
     * refuses (PERM for the guest, and `denied` is told). Not PW_OK: the guest's call ends with it. May use the store
     * and call into the guest. NULL costs one test. */
    pw_result (*used)(void *env, const pw_wasi_use *use, bool *allowed);
    /* Whether `used` wants to be told now; may not call into the store. NULL: always. */
    bool (*listening)(void *env);
} pw_wasi_hooks;
void pw_wasi_config_hooks(pw_wasi_config *config, const pw_wasi_hooks *hooks);

/* ---- The state of one guest ----------------------------------------------------------------------------------- */

/* Opens the granted directories. PW_ERR_HOST: one cannot be opened, error->text names it. The configuration may be
 * freed afterwards. */
PW_MUST_USE pw_result pw_wasi_new(const pw_wasi_config *config, pw_wasi **wasi, pw_error *error);
/* Closes all that is open and begins anew, at the same address: its functions stay good. Not PW_OK: as pw_wasi_new, and the
 * guest has what could be opened until then. No call of it may run. */
PW_MUST_USE pw_result pw_wasi_renew(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error);
/* Closes all that is open. */
void pw_wasi_free(pw_wasi *wasi);
/* The next descriptor from *fd on that is not what it was at the beginning: one that the guest opened (*open), or one that was
 * granted and that it closed. false: there are no more. */
bool pw_wasi_next_changed(const pw_wasi *wasi, uint32_t *fd, bool *open);

/* Tells `take` what was written to a BYTES stream so far; it may not use the guest. From any thread, also while the guest
 * runs. *capped (may be NULL): the guest wanted to write more than the cap. */
void pw_wasi_output(const pw_wasi *wasi, int stream,
                    void (*take)(void *env, const uint8_t *data, size_t size), void *env, bool *capped);
/* The last refusal, NULL if there was none. */
const pw_wasi_denial *pw_wasi_last_denial(const pw_wasi *wasi);
/* File descriptors that are open in the guest. */
uint32_t pw_wasi_open_fds(const pw_wasi *wasi);

/* ---- The functions -------------------------------------------------------------------------------------------- */

typedef struct pw_wasi_function {
    const char *name;
    const char *signature;  /* "iIi:i": parameters, ':', results; i = i32, I = i64 */
    const char *capability; /* what it needs: "args", "env", "clock", "random", "dirs", "fds", "exit", ... */
    bool implemented;       /* false: returns the error number of "function not implemented" */
    pw_host_fn call;        /* env: the pw_wasi */
} pw_wasi_function;

/* Finds a function of "wasi_snapshot_preview1" or "wasi_unstable"; NULL if there is none of the name. */
const pw_wasi_function *pw_wasi_lookup(const char *module_name, size_t module_length, const char *name,
                                       size_t length);
/* The functions of wasi_snapshot_preview1 by index; NULL beyond the last. */
const pw_wasi_function *pw_wasi_function_at(size_t index);

#ifdef __cplusplus
}
#endif
#endif
