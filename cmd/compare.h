/* cmd/compare.h - `topdown measure --against`: finished files beside another one. */
#ifndef TD_CMD_COMPARE_H
#define TD_CMD_COMPARE_H

#include "cmd/cmd.h"

int td_compare_run(const td_args *args, const char *reference); /* the exit code */

#endif
