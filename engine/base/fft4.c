#define LANES      td_f4
#define REAL       float
#define FFT        td_fft4
#define FFT_(verb) td_fft4_##verb
#include "engine/base/fft_body.h"
