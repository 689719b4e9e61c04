/* snapshot.h - the state of an instance, away from any store.
 *
 * Slots hold numbers as they are, and references as words that say the same in every store and process (i31 and null are what
 * they are in a slot):
 *
 *    63                              3 2   0
 *   +---------------------------------+-----+
 *   | index                           | 010 |   a function: index in the module's function index space
 *   | index                           | 100 |   an object: index in pw_snapshot.objects
 *   |               0 | value (31 bits) | 1 |   an i31
 *   | 0                                     |   null
 *   +---------------------------------------+
 *
 * Types and tags are indices too, so that a snapshot means something together with its module alone. What came from outside
 * (pwi_snapshot_read) has been through the same check (pwi_snapshot_check) as what was taken here: restoring
 * trusts it. Calls that stand still are checked by who knows their frames (engine/saved_calls.h). A snapshot never changes once it is made; any thread may use it. */
#ifndef PW_RUNTIME_SNAPSHOT_H
#define PW_RUNTIME_SNAPSHOT_H

#include "base/vm_image.h"
#include "pywasi.h"
#include "runtime/instance.h"

enum { PW_SAVED_FUNC = 2, PW_SAVED_OBJECT = 4 };

static inline pw_slot pwi_saved(uint32_t tag, uint64_t index) { return index << 3 | tag; }

typedef struct pw_saved_object {
    uint8_t kind;    /* pw_object_kind: an exception, a struct or an array */
    uint32_t type;   /* index in the module's types */
    uint32_t tag;    /* of exceptions: index in the module's tags */
    uint32_t length; /* as in pw_object */
    size_t payload;  /* first slot in pw_snapshot.payload */
} pw_saved_object;

/* A frame of a call that stands still: its function, the place in it (engine/places.h), and the values that it holds there. */
typedef struct pw_saved_frame {
    uint32_t func_index;
    uint32_t offset, ordinal;
    uint32_t slot_count;
    size_t first; /* in pw_snapshot.frame_slots */
} pw_saved_frame;

typedef struct pw_saved_call {
    uint32_t func_index; /* that was called */
    uint32_t frame_count;
    size_t first_frame; /* the innermost one, in pw_snapshot.frames */
    uint64_t owed;      /* fuel, for what comes where it stands */
} pw_saved_call;

typedef struct pw_saved_table {
    uint64_t size;
    pw_slot *elements;
} pw_saved_table;

struct pw_snapshot {
    uint32_t references;
    pw_module *module;
    pw_slot *globals;       /* as in pw_instance; those of imported globals are zero */
    pw_saved_table *tables; /* by table index; imported ones are empty */
    uint8_t *dropped_elems, *dropped_datas;
    pw_slot **elem_values;   /* by segment; NULL: not there in the instance either */
    pwi_vm_image **memories; /* by memory index; imported ones are NULL */
    pw_saved_object *objects;
    size_t object_count, object_capacity;
    pw_slot *payload;
    size_t payload_count, payload_capacity;
    uint64_t fuel;       /* that was left */
    uint64_t call_build; /* of the engine that the calls stand in: pwi_call_build. 0 without calls */
    pw_saved_call *calls;
    size_t call_count, call_capacity;
    pw_saved_frame *frames;
    size_t frame_count, frame_capacity;
    pw_slot *frame_slots;
    size_t frame_slot_count, frame_slot_capacity;
};

/* An empty one, with its arrays. */
PW_MUST_USE pw_result pwi_snapshot_make(pw_module *module, pw_snapshot **snapshot, pw_error *error);
void pwi_snapshot_destroy(pw_snapshot *snapshot);
/* Adds an object with a payload of zeros. */
PW_MUST_USE pw_result pwi_snapshot_add_object(pw_snapshot *snapshot, const pw_saved_object *object);
/* Slots of an object's payload; the type is the module's, the kind that of the object. */
uint64_t pwi_saved_payload_slots(const pw_type_record *type, const pw_saved_object *object);
/* Adds a call with no frames yet, and a frame to the last call, outwards, with slots that are zero. */
PW_MUST_USE pw_result pwi_snapshot_add_call(pw_snapshot *snapshot, uint32_t func_index, uint64_t owed);
PW_MUST_USE pw_result pwi_snapshot_add_frame(pw_snapshot *snapshot, const pw_saved_frame *frame);
/* Room for the values of an element segment, zero. */
PW_MUST_USE pw_result pwi_snapshot_add_elem(pw_snapshot *snapshot, uint32_t segment);
PW_MUST_USE pw_result pwi_snapshot_add_table(pw_snapshot *snapshot, uint32_t table, uint64_t size);

/* snapshot_take.c. PW_ERR_ARGUMENT: there is something in the state that cannot be saved; error names it. */
PW_MUST_USE pw_result pwi_snapshot_take(const pw_instance *instance, pw_snapshot **snapshot, pw_error *error);
/* snapshot_check.c. PW_ERR_ARGUMENT: it is no state of an instance of the module. */
PW_MUST_USE pw_result pwi_snapshot_check(const pw_snapshot *snapshot, pw_error *error);
/* Is this a value of the type, in one slot or two? */
bool pwi_saved_value_fits(const pw_snapshot *snapshot, pw_val_type type, const pw_slot *value);
/* snapshot_restore.c. Gives the instance, of the same module and with no call running, the state. Except for PW_ERR_NO_MEMORY
 * after the host failed to read an image, all or nothing. fresh: the instance's memories and tables are new. */
PW_MUST_USE pw_result pwi_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, bool fresh,
                                           pw_error *error);
/* snapshot_write.c, snapshot_read.c: as bytes. */
PW_MUST_USE pw_result pwi_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env);
PW_MUST_USE pw_result pwi_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot,
                                        pw_error *error);

#endif
