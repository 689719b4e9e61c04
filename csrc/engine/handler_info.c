/* handler_info.c - names and sizes of handlers by id, for tests and tools. The engine needs none of it, and what is not
 * called is not linked: this is a file of its own. */
#include "engine/op_forms_info.h"

static const struct {
    const char *name;
    uint8_t cells;
} handlers[] = {
#define PW_HANDLER_INFO(name, cells) {#name, cells},
#include "op_forms.h"
#undef PW_HANDLER_INFO
};

uint8_t pwi_handler_cells(uint16_t handler)
{
    return handler < PW_PINS_END ? handlers[handler].cells : 0;
}

const char *pwi_handler_name(uint16_t handler)
{
    return handler < PW_PINS_END ? handlers[handler].name : NULL;
}
