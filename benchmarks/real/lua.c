/* The Lua interpreter as one program, and a script for it that does what scripts do: tables, closures,
 * methods, strings, sorting. The sources are Debian's, found by -I; nothing of them lies here.
 *
 * The module must import nothing, so there are no files, no clock and no locale; and pywasm3 has no
 * exceptions, so an error in a script is a trap: there is no longjmp. */
#include "../programs/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LUA_CORE
#define LUA_LIB
#define l_signalT int
#define LUAI_THROW(L, c) abort()
#define LUAI_TRY(L, c, a) \
    {                     \
        a                 \
    }
#define luai_jmpbuf int
#define luai_makeseed(L) 20u
#define lua_getlocaledecpoint() '.'
#define lua_writestring(s, l) ((void)(s), (void)(l))
#define lua_writeline() ((void)0)
#define lua_writestringerror(s, p) ((void)(p))

#include "lprefix.h"
#include "luaconf.h"

#undef stdin
#undef getc
#undef feof
#undef ferror
#define fopen(name, mode) ((void)(mode), (FILE *)0)
#define freopen(name, mode, file) ((void)(mode), (FILE *)0)
#define fclose(file) ((void)(file), 0)
#define fread(to, size, count, file) ((void)(to), (size_t)0)
#define stdin ((FILE *)0)
#define getc(file) (-1)
#define feof(file) 1
#define ferror(file) 0
#define time(at) ((time_t)1)
#define clock() ((clock_t)1)
#define _SETJMP_H /* ldo.c includes it for a jump that it never makes here */

#include "lzio.c"
#include "lctype.c"
#include "lopcodes.c"
#include "lmem.c"
#include "lundump.c"
#include "ldump.c"
#include "lstate.c"
#include "lgc.c"
#include "llex.c"
#include "lcode.c"
#include "lparser.c"
#include "ldebug.c"
#include "lfunc.c"
#include "lobject.c"
#include "ltm.c"
#include "lstring.c"
#include "ltable.c"
#include "ldo.c"
#include "lvm.c"
#include "lapi.c"
#include "lauxlib.c"
#include "lbaselib.c"
#include "lmathlib.c"
#include "lstrlib.c"
#include "ltablib.c"

static const char script[] =
    "local Point = {} Point.__index = Point\n"
    "function Point.new(x, y) return setmetatable({x = x, y = y}, Point) end\n"
    "function Point:add(o) return Point.new(self.x + o.x, self.y + o.y) end\n"
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
    "local function counter() local c = 0 return function(d) c = c + d return c end end\n"
    "function work(round)\n"
    "  local sum = fib(16)\n"
    "  local p = Point.new(round, 1)\n"
    "  for i = 1, 800 do p = p:add(Point.new(i, -i % 7)) end\n"
    "  sum = sum + p.x + p.y\n"
    "  local next = counter()\n"
    "  for i = 1, 1500 do sum = sum + next(i & 3) end\n"
    "  local t, seed = {}, round\n"
    "  for i = 1, 300 do seed = (seed * 1103515245 + 12345) & 0x7fffffff t[i] = seed % 1000 end\n"
    "  table.sort(t)\n"
    "  for i, v in ipairs(t) do sum = sum + i * v end\n"
    "  local words = {}\n"
    "  for w in ('the quick brown fox jumps over the lazy dog '):rep(6):gmatch('%a+') do\n"
    "    words[w] = (words[w] or 0) + 1\n"
    "  end\n"
    "  for w, n in pairs(words) do sum = sum + #w * n end\n"
    "  local parts = {}\n"
    "  for i = 1, 60 do parts[#parts + 1] = string.format('%d:%5.2f', i, i / 7) end\n"
    "  local s = table.concat(parts, ','):upper():gsub('%.', '!')\n"
    "  for i = 1, #s do sum = sum * 31 + s:byte(i) & 0xffffffff end\n"
    "  local x = 0.5\n"
    "  for i = 1, 1000 do x = 3.9 * x * (1 - x) end\n"
    "  return sum + math.floor(x * 1e6)\n"
    "end\n";

uint64_t run(uint32_t n)
{
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base}, {"string", luaopen_string}, {"table", luaopen_table}, {"math", luaopen_math}};
    lua_State *lua = luaL_newstate();
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
        lua_pop(lua, 1);
    }
    if (luaL_loadbuffer(lua, script, sizeof script - 1, "=work") != LUA_OK) abort();
    lua_call(lua, 0, 0);
    for (uint32_t round = 0; round < n; round++) {
        lua_getglobal(lua, "work");
        lua_pushinteger(lua, (lua_Integer)round);
        lua_call(lua, 1, 1);
        hash = bench_mix(hash, (uint64_t)lua_tointeger(lua, -1));
        lua_pop(lua, 1);
    }
    lua_close(lua);
    return hash;
}
