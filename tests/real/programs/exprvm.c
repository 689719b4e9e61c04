/* A small language: compiled to bytecode, run by a stack machine.
 * Statements, one per line: `name = expr`, `print expr`, `while expr`, `if expr`, `end`.
 * Values are 64-bit integers; `/` and `%` by zero end the program with exit code 3.
 * Operators, loosest first: || && == != < <= > >= | ^ & << >> + - * / % and unary - ! ~ */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum op { PUSH, LOAD, STORE, PRINT, JUMP, JUMP_IF_ZERO, NEG, NOT, INVERT, OR_ELSE, AND_ALSO, EQ, NE, LT, LE, GT, GE,
          OR, XOR, AND, SHL, SHR, ADD, SUB, MUL, DIV, MOD, HALT };

struct cell { enum op op; int64_t arg; };

static struct cell code[4096];
static int code_count;
static char names[64][16];
static int name_count;
static struct { int start, patch, loop; } blocks[32];
static int block_count, line_number;
static const char *at;

static void stop(int status, const char *message)
{
    fflush(stdout);
    fprintf(stderr, "line %d: %s\n", line_number, message);
    exit(status);
}

static int emit(enum op op, int64_t arg)
{
    if (code_count == 4096) stop(2, "program too long");
    code[code_count] = (struct cell){op, arg};
    return code_count++;
}

static void skip(void) { while (*at == ' ') at++; }

static int accept(const char *token)
{
    skip();
    size_t n = strlen(token);
    if (strncmp(at, token, n) != 0) return 0;
    if (isalpha((unsigned char)*token) && isalnum((unsigned char)at[n])) return 0;
    at += n;
    return 1;
}

static int variable(void)
{
    char name[16];
    int n = 0;
    skip();
    while (isalnum((unsigned char)*at) && n < 15) name[n++] = *at++;
    name[n] = 0;
    if (!n || isdigit((unsigned char)name[0])) stop(2, "name expected");
    for (int i = 0; i < name_count; i++)
        if (strcmp(names[i], name) == 0) return i;
    if (name_count == 64) stop(2, "too many names");
    strcpy(names[name_count], name);
    return name_count++;
}

static const struct { const char *token; enum op op; int level; } binary[] = {
    {"||", OR_ELSE, 1}, {"&&", AND_ALSO, 2}, {"==", EQ, 3}, {"!=", NE, 3}, {"<<", SHL, 8}, {">>", SHR, 8},
    {"<=", LE, 4}, {">=", GE, 4}, {"<", LT, 4}, {">", GT, 4}, {"|", OR, 5}, {"^", XOR, 6}, {"&", AND, 7},
    {"+", ADD, 9}, {"-", SUB, 9}, {"*", MUL, 10}, {"/", DIV, 10}, {"%", MOD, 10}};

static void expression(int level);

static void operand(void)
{
    skip();
    if (accept("(")) {
        expression(1);
        if (!accept(")")) stop(2, "')' expected");
    } else if (accept("-")) {
        operand();
        emit(NEG, 0);
    } else if (accept("!")) {
        operand();
        emit(NOT, 0);
    } else if (accept("~")) {
        operand();
        emit(INVERT, 0);
    } else if (isdigit((unsigned char)*at)) {
        char *end;
        emit(PUSH, (int64_t)strtoull(at, &end, 0));
        at = end;
    } else {
        emit(LOAD, variable());
    }
}

static void expression(int level)
{
    operand();
    for (;;) {
        size_t i = 0, n = sizeof binary / sizeof *binary;
        skip();
        while (i < n && strncmp(at, binary[i].token, strlen(binary[i].token)) != 0) i++;
        if (i == n || binary[i].level < level) return;
        at += strlen(binary[i].token);
        expression(binary[i].level + 1);
        emit(binary[i].op, 0);
    }
}

static void statement(const char *line)
{
    at = line;
    skip();
    if (!*at || *at == '#') return;
    if (accept("print")) {
        expression(1);
        emit(PRINT, 0);
    } else if (accept("while") || accept("if")) {
        int loop = at[-1] == 'e';
        if (block_count == 32) stop(2, "nested too deeply");
        blocks[block_count].loop = loop;
        blocks[block_count].start = code_count;
        expression(1);
        blocks[block_count++].patch = emit(JUMP_IF_ZERO, 0);
    } else if (accept("end")) {
        if (!block_count--) stop(2, "nothing to end");
        if (blocks[block_count].loop) emit(JUMP, blocks[block_count].start);
        code[blocks[block_count].patch].arg = code_count;
    } else {
        int target = variable();
        if (!accept("=")) stop(2, "'=' expected");
        expression(1);
        emit(STORE, target);
    }
    skip();
    if (*at) stop(2, "end of line expected");
}

static int64_t divide(int64_t a, int64_t b, int modulo)
{
    if (b == 0) stop(3, "division by zero");
    if (b == -1) return modulo ? 0 : (int64_t)(0 - (uint64_t)a);
    return modulo ? a % b : a / b;
}

static void run(void)
{
    static int64_t stack[256], slots[64];
    uint64_t steps = 0;
    int64_t *sp = stack;
    for (int pc = 0;; steps++) {
        struct cell c = code[pc++];
        int64_t b = c.op >= OR_ELSE && c.op <= MOD ? *--sp : 0;
        switch (c.op) {
        case PUSH: *sp++ = c.arg; break;
        case LOAD: *sp++ = slots[c.arg]; break;
        case STORE: slots[c.arg] = *--sp; break;
        case PRINT: printf("%" PRId64 "\n", *--sp); break;
        case JUMP: pc = (int)c.arg; break;
        case JUMP_IF_ZERO: if (*--sp == 0) pc = (int)c.arg; break;
        case NEG: sp[-1] = (int64_t)(0 - (uint64_t)sp[-1]); break;
        case NOT: sp[-1] = !sp[-1]; break;
        case INVERT: sp[-1] = ~sp[-1]; break;
        case OR_ELSE: sp[-1] = sp[-1] || b; break;
        case AND_ALSO: sp[-1] = sp[-1] && b; break;
        case EQ: sp[-1] = sp[-1] == b; break;
        case NE: sp[-1] = sp[-1] != b; break;
        case LT: sp[-1] = sp[-1] < b; break;
        case LE: sp[-1] = sp[-1] <= b; break;
        case GT: sp[-1] = sp[-1] > b; break;
        case GE: sp[-1] = sp[-1] >= b; break;
        case OR: sp[-1] |= b; break;
        case XOR: sp[-1] ^= b; break;
        case AND: sp[-1] &= b; break;
        case SHL: sp[-1] = (int64_t)((uint64_t)sp[-1] << (b & 63)); break;
        case SHR: sp[-1] >>= b & 63; break;
        case ADD: sp[-1] = (int64_t)((uint64_t)sp[-1] + (uint64_t)b); break;
        case SUB: sp[-1] = (int64_t)((uint64_t)sp[-1] - (uint64_t)b); break;
        case MUL: sp[-1] = (int64_t)((uint64_t)sp[-1] * (uint64_t)b); break;
        case DIV: sp[-1] = divide(sp[-1], b, 0); break;
        case MOD: sp[-1] = divide(sp[-1], b, 1); break;
        case HALT: printf("%" PRIu64 " steps\n", steps); return;
        }
    }
}

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        line_number++;
        line[strcspn(line, "\r\n")] = 0;
        statement(line);
    }
    if (block_count) stop(2, "'end' is missing");
    emit(HALT, 0);
    run();
    return 0;
}
