/* SQLite with a database in memory: inserts, an index, joins, groups, sorting, updates. The source is
 * Debian's, amalgamated and found by -I; nothing of it lies here.
 *
 * The module must import nothing: this file is the operating system that SQLite sees. It has no files,
 * its clock stands and its random numbers are always the same. */
#include "../programs/bench.h"

#define SQLITE_OS_OTHER 1
#define SQLITE_THREADSAFE 0
#define SQLITE_TEMP_STORE 3
#define SQLITE_OMIT_LOAD_EXTENSION 1
#define SQLITE_OMIT_WAL 1
#define SQLITE_OMIT_LOCALTIME 1
#define SQLITE_OMIT_DEPRECATED 1
#define SQLITE_DEFAULT_MEMSTATUS 0
#define SQLITE_DQS 0
#include "sqlite3.c"

static int no_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs, (void)name, (void)flags, (void)out;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}

static int no_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}

static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)name, (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int same_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int no_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    for (int i = 0; i < size; i++) out[i] = (char)i;
    return size;
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int no_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2460000.5;
    return SQLITE_OK;
}

int sqlite3_os_init(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1,
                              .szOsFile = sizeof(sqlite3_file),
                              .mxPathname = 64,
                              .zName = "none",
                              .xOpen = no_file,
                              .xDelete = no_delete,
                              .xAccess = no_access,
                              .xFullPathname = same_name,
                              .xRandomness = no_randomness,
                              .xSleep = no_sleep,
                              .xCurrentTime = no_time};
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }

static void must(int condition)
{
    if (!condition) __builtin_trap();
}

static void run_sql(sqlite3 *db, const char *sql) { must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK); }

/* Everything that a query gives, in the hash. */
static uint64_t query(sqlite3 *db, const char *sql, uint64_t hash)
{
    sqlite3_stmt *statement;
    must(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            for (; text && *text; text++) hash = bench_mix(hash, *text);
        }
    must(sqlite3_finalize(statement) == SQLITE_OK);
    return hash;
}

static void fill(sqlite3 *db, uint32_t rows, uint64_t seed)
{
    sqlite3_stmt *statement;
    run_sql(db, "BEGIN");
    must(sqlite3_prepare_v2(db, "INSERT INTO sale(item, shop, price, note) VALUES(?, ?, ?, ?)", -1, &statement,
                            NULL) == SQLITE_OK);
    for (uint32_t i = 0; i < rows; i++) {
        char note[32];
        uint64_t random = bench_random(&seed);
        sqlite3_snprintf(sizeof note, note, "note %d of %s", (int)(random >> 50), random & 1 ? "spring" : "autumn");
        sqlite3_bind_int(statement, 1, (int)(random % 97));
        sqlite3_bind_int(statement, 2, (int)(random >> 20 & 15));
        sqlite3_bind_double(statement, 3, (double)(random >> 40) / 128.0);
        sqlite3_bind_text(statement, 4, note, -1, SQLITE_TRANSIENT);
        must(sqlite3_step(statement) == SQLITE_DONE);
        sqlite3_reset(statement);
    }
    must(sqlite3_finalize(statement) == SQLITE_OK);
    run_sql(db, "COMMIT");
}

uint64_t run(uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        sqlite3 *db;
        must(sqlite3_open(":memory:", &db) == SQLITE_OK);
        run_sql(db, "CREATE TABLE sale(id INTEGER PRIMARY KEY, item INT, shop INT, price REAL, note TEXT);"
                    "CREATE TABLE shop(id INTEGER PRIMARY KEY, name TEXT);"
                    "WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < 15)"
                    "  INSERT INTO shop SELECT i, 'shop ' || char(65 + i) FROM k;");
        fill(db, 600, 88172645463325252u + round);
        run_sql(db, "CREATE INDEX by_item ON sale(item, price)");
        hash = query(db, "SELECT shop.name, count(*), sum(price) > 1e5, max(item) FROM sale JOIN shop"
                         " ON shop.id = sale.shop GROUP BY shop.name ORDER BY 2 DESC, 1", hash);
        hash = query(db, "SELECT item, note FROM sale WHERE note LIKE '%7%spring' ORDER BY price LIMIT 40", hash);
        run_sql(db, "UPDATE sale SET price = price * 2 WHERE item BETWEEN 10 AND 40; DELETE FROM sale WHERE shop = 3");
        hash = query(db, "SELECT count(*), count(DISTINCT note) FROM sale WHERE item IN"
                         " (SELECT item FROM sale GROUP BY item HAVING count(*) > 5)", hash);
        must(sqlite3_close(db) == SQLITE_OK);
    }
    return hash;
}
