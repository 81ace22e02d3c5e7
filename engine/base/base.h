/* engine/base/base.h - what every room may use. */
#ifndef TD_BASE_H
#define TD_BASE_H

#include "engine/base/between.h"
#include "engine/base/error.h"
#include "engine/base/fft.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/lanes.h"
#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/base/pool.h"
#include "engine/base/random.h"
#include "engine/base/row.h"
#include "engine/base/text.h"
#include "engine/base/units.h"

#endif
