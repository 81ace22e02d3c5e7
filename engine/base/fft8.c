#define LANES      td_f8
#define REAL       float
#define FFT        td_fft8
#define FFT_(verb) td_fft8_##verb
#include "engine/base/fft_body.h"
