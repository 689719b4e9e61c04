/* translate.h - the translator: one pass over a validated body, wasm's stack machine to register code.
 *
 * It keeps an abstract operand stack. An operand is not yet anywhere (a constant), still in its local, or in its home:
 * the frame slot that belongs to its height. Pushing a local or a constant emits nothing; the instruction that pops it
 * takes it as an operand. What has to be in its home at a join is "flushed" there by a move.
 *
 * Folding, in order of worth:
 *   destination   `local.set` patches the result lane of the instruction that made the value
 *   accumulator   a value that the previous instruction left in an accumulator is taken from there; if it was made
 *                 for this one use, its slot is not even written
 *   branch        a comparison is taken back and emitted again as compare-and-branch; so are the step of a local in front
 *                 of it, a mask, a negation (condition.c)
 *   address       an `i32.add` in front of a load or store is taken back and becomes part of it, in shells with pins
 *                 a product with a constant too (translate_memory.c)
 */
#ifndef PW_ENGINE_TRANSLATE_H
#define PW_ENGINE_TRANSLATE_H

#include "engine/catches.h"
#include "engine/code.h"
#include "engine/gc_roots.h"
#include "engine/op_forms_info.h"
#include "wasm/instr_reader.h"
#include "wasm/op_info.h"

typedef enum pw_where {
    PW_IN_HOME,  /* in the slot of its height */
    PW_IN_LOCAL, /* in the slot of a local */
    PW_CONSTANT
} pw_where;

typedef struct pw_operand {
    uint8_t where; /* pw_where */
    char type;     /* i I f F V r, as in op signatures */
    uint16_t home;
    uint32_t slot;  /* where it is: home, or the local's slot */
    uint32_t local; /* IN_LOCAL: its index */
    int64_t maker;  /* cell of the instruction that made it, if its result lane may still be patched; else -1 */
    uint64_t constant;
} pw_operand;

typedef enum pw_label_kind { PW_LABEL_FUNC, PW_LABEL_BLOCK, PW_LABEL_LOOP, PW_LABEL_IF, PW_LABEL_ELSE, PW_LABEL_TRY,
               PW_LABEL_LEGACY_TRY, PW_LABEL_CATCH /* a handler of one */ } pw_label_kind;

typedef struct pw_label {
    uint8_t kind;
    bool dead_before; /* the construct began in unreachable code: nothing of it is emitted */
    uint32_t height;  /* operands below its parameters */
    uint32_t param_count, result_count;
    const pw_val_type *params, *results; /* results NULL with result_count 1: `single` */
    pw_val_type single;
    uint32_t start;      /* loops: cell to branch to */
    uint32_t patches;    /* chain of cells that wait for the end's address, through the cells; 0 ends it */
    uint32_t else_patch; /* if: cell that waits for the else branch */
    uint32_t clauses;    /* catch clauses that go to the end: chain through pw_catch.target, index + 1; 0 ends it */
    uint32_t try_index;  /* try: its pw_try */
    uint32_t tries;      /* that have begun when code in here begins */
    uint32_t piece;      /* while a br_table is translated: code that moves values and branches here */
    uint32_t from, cost; bool run_ended; /* meter.c: of the run that goes into the loop, behind `from`, when it has ended */
} pw_label;

/* Classes of accumulators. */
enum { PW_ACC_INT, PW_ACC_F32, PW_ACC_F64, PW_ACC_COUNT, PW_ACC_NONE = PW_ACC_COUNT };

/* Classes of operands, as handlers number them; those of pins follow (op_forms_info.h). What a constant's number is depends
 * on the type and on the shell: pwi_pair knows. */
enum { PW_CLASS_SLOT, PW_CLASS_ACC, PW_CLASS_PIN, PW_CLASS_CONSTANT = 7 };

typedef struct pw_acc {
    int64_t slot;     /* the slot whose value it holds, or -1 */
    int64_t maker;    /* cell of the instruction that wrote both, if the slot may be left out; or -1 */
    uint16_t handler; /* of that instruction, result class S; the next one is class A */
} pw_acc;

/* Whether the result of the last instruction may be sent elsewhere. */
typedef enum pw_result_place {
    PW_RESULT_FIXED,
    PW_RESULT_LANE_1, /* lane 1 of its operand cell */
    PW_RESULT_GENERIC /* a lane of a generic op, which writes no accumulator */
} pw_result_place;

/* The last emitted instruction, while nothing can have jumped in behind it. */
typedef struct pw_last {
    int64_t cell; /* -1: none */
    const pw_op_forms *forms;
    uint8_t class_a, class_b;
    uint8_t cells;
    uint8_t result;      /* pw_result_place */
    bool is_scaled;      /* an add with a factor */
    bool is_move;        /* from slot to slot; no value was made */
    bool is_step;        /* it added a constant to a local, in place: */
    uint32_t step_local;
    uint8_t result_lane; /* GENERIC: counted from cell 1 */
    pw_acc before[PW_ACC_COUNT];
} pw_last;

typedef struct pw_translator {
    pw_module *module;
    pw_code *code;
    const pw_cell *handlers;
    const uint8_t *p, *end;
    uint32_t offset; /* of the current instruction in the module */
    bool no_memory;  /* or stopped: what has been made goes no further */

    pw_store *store;     /* its poll hook is asked now and then whether to go on; NULL: nobody is */
    uint32_t *looks;     /* that there may be, then it stops; NULL: no bound */
    int64_t until_look;  /* instructions, operands and labels that were touched */
    pw_result stopped;   /* why, if not for memory */

    pw_cell *cells;
    size_t cell_count, cell_capacity;
    uint32_t *offsets; /* by cell, when recording */
    size_t offset_capacity;
    bool recording;
    bool mapping;        /* noting the references at each emission */
    pw_ref_entry *entries;
    size_t entry_count, entry_capacity;
    uint16_t *ref_slots;
    size_t ref_slot_count, ref_slot_capacity, arrival;
    pw_try *tries;
    size_t try_count, try_capacity;
    pw_catch *clauses;
    size_t clause_count, clause_capacity;
    uint32_t *relocations; /* cells that hold the index of a cell, to become its address */
    size_t relocation_count, relocation_capacity;

    pw_operand *stack;
    size_t height, stack_capacity;
    uint32_t max_slot;
    pw_label *labels;
    size_t label_count, label_capacity;
    bool dead;

    uint32_t local_count;
    char *local_types;
    uint16_t *local_slots;
    uint16_t *local_pending; /* operands on the stack that are still in the local */
    uint8_t *local_pins;     /* class of the register that has the local too, or 0 */
    uint16_t pin_slots[PW_PIN_COUNT];
    bool pinned; /* any */
    bool pins;   /* the shell has them */
    uint32_t pending;
    uint32_t param_slots, local_slot_count, return_slot, home_base;
    const pw_type_record *type;

    pw_acc acc[PW_ACC_COUNT];
    pw_last last, previous; /* previous: the one directly before, while there is a last one */

    uint32_t counted; /* instructions so far: meter.c */
    struct pw_toll *tolls; /* who pays for the current run */
    size_t toll_count, toll_capacity;
    struct pw_place_search *search; /* what looks for places of frames: places.h; or NULL */
} pw_translator;

/* translate.c: asks whether to go on; false: `stopped` says why not. */
bool pwi_translate_look(pw_translator *t);
/* For what goes over many labels. */
static inline bool pwi_goes_on(pw_translator *t) { return PW_LIKELY(--t->until_look >= 0) || pwi_translate_look(t); }

/* ---- emit.c: cells, relocations, accumulators, operands --------------------------------------------------------- */

uint32_t pwi_emit(pw_translator *t, uint32_t handler, uint32_t cells);
static inline pw_cell *pwi_cell(pw_translator *t, size_t index) { return t->cells + index; }
/* The cell holds the index of a cell: remember to make it an address. */
void pwi_emit_reloc(pw_translator *t, uint32_t cell, uint32_t target);
/* Takes the last instruction back. */
void pwi_unemit(pw_translator *t);
/* Forget what accumulators hold: code from elsewhere may arrive here, or a call has been made. */
void pwi_forget(pw_translator *t);
/* A slot has been written without its accumulator. */
void pwi_slot_written(pw_translator *t, uint32_t slot);

int pwi_acc_of(char type);
char pwi_type_char(pw_val_type type);
uint32_t pwi_next_home(const pw_translator *t);
pw_operand *pwi_push(pw_translator *t, pw_operand operand);
void pwi_push_home(pw_translator *t, char type);
void pwi_push_constant(pw_translator *t, char type, uint64_t value);
void pwi_push_local(pw_translator *t, uint32_t local);
pw_operand pwi_pop(pw_translator *t);
/* Drops operands above the height. */
void pwi_cut(pw_translator *t, size_t height);

/* Row of an opcode, with the families of the shell. */
static inline const pw_op_forms *pwi_forms(const pw_translator *t, uint32_t code) {
    return t->pins ? pwi_pins_forms(code) : pwi_op_forms(code);
}
/* Number of classes of values of the type, constants apart. */
static inline uint32_t pwi_classes(const pw_translator *t, char type) {
    return t->pins && type != 'f' ? (type == 'F' ? 3 : 4) : 2;
}
/* Number of a pair of classes in a family where the second operand may be constant. */
static inline uint32_t pwi_pair(const pw_translator *t, char type_b, uint32_t a, uint32_t b) {
    uint32_t classes = pwi_classes(t, type_b);
    return a * (classes + 1) + (b == PW_CLASS_CONSTANT ? classes : b);
}
/* Classes of results: those of comparisons have no pins. */
static inline uint32_t pwi_result_classes(const pw_translator *t, const pw_op_forms *forms) {
    bool compares = forms->shape == PW_SHAPE_CMPOP || forms->shape == PW_SHAPE_FCMPOP;
    return compares ? 2 : pwi_classes(t, forms->result[0]);
}

/* Operand class (0 slot, 1 accumulator) of something that is not a constant. consume: this is the value's only use,
 * so its maker may leave the slot alone. */
uint8_t pwi_class(pw_translator *t, const pw_operand *operand, bool consume);
/* The same for families: pins too. */
uint8_t pwi_place(pw_translator *t, const pw_operand *operand);
/* Moves the operand to a slot; the operand itself is left as it is. */
void pwi_move(pw_translator *t, const pw_operand *operand, uint32_t slot, bool consume);
/* Puts a popped constant into its home. */
void pwi_materialise(pw_translator *t, pw_operand *operand);
/* Puts the operand at a stack index into its home. */
void pwi_flush(pw_translator *t, size_t index);
void pwi_flush_top(pw_translator *t, size_t count);
/* Flushes all operands that are in locals; or in this one. */
void pwi_flush_locals(pw_translator *t);
void pwi_flush_local(pw_translator *t, uint32_t local);

/* Puts the top `count` operands home, emits an instruction that reads them from there (they are on the stack while it is
 * emitted, as roots), pops them. Lane 0 is the first one's slot. */
uint32_t pwi_emit_on_operands(pw_translator *t, uint32_t handler, uint32_t cells, uint32_t count);

/* Notes the last instruction as one whose result goes to lane 1, pushes the result. */
void pwi_result(pw_translator *t, uint32_t cell, uint32_t cells, uint32_t handler, char type);

/* ---- pins.c: locals in registers --------------------------------------------------------------------------------- */

/* Chooses them; the body begins at t->p. */
void pwi_choose_pins(pw_translator *t);
/* Lanes 1 to 3 of a cell, for PW_LOAD_PINS. */
void pwi_set_pins(pw_translator *t, uint32_t cell);
/* Moves the operand to the local. */
void pwi_move_to_local(pw_translator *t, const pw_operand *operand, uint32_t local);
/* Skips the immediates of an instruction. */
void pwi_skip_immediates(pw_translator *t, uint8_t kind);

/* ---- translate_ops.c: everything with a row in op_forms.h --------------------------------------------------------- */

void pwi_translate_op(pw_translator *t, uint32_t code, const pw_op_forms *forms);
void pwi_translate_eqz(pw_translator *t, uint32_t equal_code);
void pwi_translate_select(pw_translator *t);
void pwi_translate_local_set(pw_translator *t, uint32_t local, bool tee);
void pwi_translate_global_get(pw_translator *t, uint32_t global);
void pwi_translate_global_set(pw_translator *t, uint32_t global);
/* Emits a.binop.b for operands that are already popped. */
void pwi_translate_binop(pw_translator *t, const pw_op_forms *forms, pw_operand a, pw_operand b);

/* ---- translate_control.c: blocks, branches -------------------------------------------------------------------------- */

void pwi_label_push(pw_translator *t, pw_label_kind kind, int64_t block_type);
void pwi_translate_block(pw_translator *t, pw_label_kind kind);
void pwi_translate_else(pw_translator *t);
void pwi_translate_end(pw_translator *t);
void pwi_translate_br(pw_translator *t, uint32_t depth);
void pwi_translate_br_if(pw_translator *t, uint32_t depth);
void pwi_translate_br_table(pw_translator *t);
void pwi_translate_br_on_null(pw_translator *t, uint32_t depth, bool on_null);
void pwi_translate_return(pw_translator *t);

/* The immediate of a block: below zero a value type or none. */
int64_t pwi_translate_block_type(pw_translator *t);
/* An unconditional branch with the label's values, which are on the stack. */
void pwi_branch_to(pw_translator *t, pw_label *label);
/* The label's first value's home; moves to it are label_moves. */
uint32_t pwi_label_home(const pw_translator *t, const pw_label *label);
/* Emits a return of values that are on the stack; code may go on behind it. */
void pwi_emit_return(pw_translator *t);

/* translate_gc.c: false when the opcode is none of its. */
bool pwi_translate_gc(pw_translator *t, uint32_t code);

/* ref_maps.c: notes which slots hold references where a cell is about to be emitted. */
void pwi_note_references(pw_translator *t, uint32_t cell);
/* The same where code arrives before the next instruction of wasm, or goes on before the one at the offset: a call may
 * be interrupted there, with all operands still. */
void pwi_arrive(pw_translator *t);
void pwi_stop_before(pw_translator *t, uint32_t offset);
pw_ref_map *pwi_ref_map_make(const pw_translator *t);

/* ---- translate_call.c ------------------------------------------------------------------------------------------------- */

void pwi_translate_call(pw_translator *t, uint32_t func_index);
void pwi_translate_call_indirect(pw_translator *t, uint32_t type_index, uint32_t table);
void pwi_translate_call_ref(pw_translator *t, uint32_t type_index);
void pwi_translate_return_call(pw_translator *t, uint32_t func_index);
void pwi_translate_return_call_indirect(pw_translator *t, uint32_t type_index, uint32_t table);
void pwi_translate_return_call_ref(pw_translator *t, uint32_t type_index);

#endif
