/* engine/mix/intake_words.h - what is said of a fault, in every language: data, one row a fault. Room-internal. */
#ifndef TD_MIX_INTAKE_WORDS_H
#define TD_MIX_INTAKE_WORDS_H

#include "engine/mix/intake.h"

/* The figure a fault is told with; which of td_finding's members hold it stands in intake.h. */
typedef enum td_detail {
    TD_NO_DETAIL,
    TD_DETAIL_DB,
    TD_DETAIL_HUM,
    TD_DETAIL_LENGTH,
    TD_DETAIL_RATE,
    TD_DETAIL_PLACES,
    TD_DETAIL_TWIN,
    TD_DETAIL_FORMAT
} td_detail;

td_detail td_fault_detail(td_fault_code code);

#endif
