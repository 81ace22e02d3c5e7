/* Runs an LV2 plug-in on a sound and says what a stereo frame costs, in nanoseconds of CPU time.
 *
 *   lv2_host FILE.f32 URI [port=value ...]   settings by port symbol; others as the plug-in would have them
 *   lv2_host --ports URI                     its control inputs: symbol, default, range
 *
 * FILE.f32 holds interleaved stereo floats at 48 kHz. Blocks have 512 frames; of seven passes the fastest counts. Work
 * that a plug-in gives away is done at once and counts too, as it would on some core. */
#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/core/lv2.h>
#include <lv2/options/options.h>
#include <lv2/parameters/parameters.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xmmintrin.h>

enum { RATE = 48000, BLOCK = 512, PASSES = 7, URIS = 4096, ATOM_BYTES = 1 << 16, CHANNELS = 32 };

typedef struct host {
    char *uri[URIS]; /* number i + 1 */
    uint32_t uris;
    const LV2_Worker_Interface *worker;
    LV2_Handle plugin;
} host;

static LV2_URID map(LV2_URID_Map_Handle handle, const char *uri)
{
    host *h = handle;
    for (uint32_t i = 0; i < h->uris; i++)
        if (!strcmp(h->uri[i], uri)) return i + 1;
    if (h->uris == URIS) return 0;
    h->uri[h->uris++] = strdup(uri);
    return h->uris;
}

static const char *unmap(LV2_URID_Unmap_Handle handle, LV2_URID number)
{
    host *h = handle;
    return number && number <= h->uris ? h->uri[number - 1] : NULL;
}

static LV2_Worker_Status answer(LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    host *h = handle;
    return h->worker->work_response ? h->worker->work_response(h->plugin, size, data) : LV2_WORKER_SUCCESS;
}

static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle handle, uint32_t size, const void *data)
{
    host *h = handle;
    return h->worker ? h->worker->work(h->plugin, answer, h, size, data) : LV2_WORKER_SUCCESS;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static float *read_sound(const char *path, size_t *frames)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) return NULL;
    size_t n = (size_t)ftell(f) / sizeof(float);
    float *x = malloc(n * sizeof *x);
    rewind(f);
    if (x && fread(x, sizeof *x, n, f) != n) exit(2);
    fclose(f);
    *frames = n / 2 / BLOCK * BLOCK;
    return x;
}

/* ---- ports ------------------------------------------------------------------------------------------------------ */

typedef struct ports {
    uint32_t n;
    float *value; /* of control ports */
    void **atom;  /* buffers of event ports, NULL elsewhere */
    bool *atom_in;
    uint32_t audio_in[CHANNELS], audio_out[CHANNELS], n_in, n_out;
    LilvNode *input, *audio, *control, *event;
} ports;

static void find_ports(LilvWorld *w, const LilvPlugin *p, ports *o)
{
    *o = (ports){ .n = lilv_plugin_get_num_ports(p) };
    o->input = lilv_new_uri(w, LILV_URI_INPUT_PORT);
    o->audio = lilv_new_uri(w, LILV_URI_AUDIO_PORT);
    o->control = lilv_new_uri(w, LILV_URI_CONTROL_PORT);
    o->event = lilv_new_uri(w, LILV_URI_ATOM_PORT);
    o->value = calloc(o->n, sizeof *o->value);
    o->atom = calloc(o->n, sizeof *o->atom);
    o->atom_in = calloc(o->n, sizeof *o->atom_in);
    float *low = calloc(o->n, sizeof *low);
    lilv_plugin_get_port_ranges_float(p, low, NULL, o->value);
    for (uint32_t i = 0; i < o->n; i++) {
        const LilvPort *port = lilv_plugin_get_port_by_index(p, i);
        bool in = lilv_port_is_a(p, port, o->input);
        if (isnan(o->value[i])) o->value[i] = isnan(low[i]) ? 0 : low[i];
        if (lilv_port_is_a(p, port, o->audio)) {
            uint32_t *n = in ? &o->n_in : &o->n_out;
            if (*n < CHANNELS) (in ? o->audio_in : o->audio_out)[(*n)++] = i;
        }
        if (lilv_port_is_a(p, port, o->event)) o->atom[i] = calloc(1, ATOM_BYTES), o->atom_in[i] = in;
    }
    free(low);
}

static bool set_port(const LilvPlugin *p, ports *o, const char *setting)
{
    const char *is = strchr(setting, '=');
    for (uint32_t i = 0; is && i < o->n; i++) {
        const char *symbol = lilv_node_as_string(lilv_port_get_symbol(p, lilv_plugin_get_port_by_index(p, i)));
        if (strlen(symbol) != (size_t)(is - setting) || strncmp(symbol, setting, (size_t)(is - setting))) continue;
        o->value[i] = strtof(is + 1, NULL);
        return true;
    }
    fprintf(stderr, "lv2_host: no port for '%s'\n", setting);
    return false;
}

static int show_ports(const LilvPlugin *p, const ports *o)
{
    float *low = calloc(o->n, sizeof *low), *high = calloc(o->n, sizeof *high);
    lilv_plugin_get_port_ranges_float(p, low, high, NULL);
    for (uint32_t i = 0; i < o->n; i++) {
        const LilvPort *port = lilv_plugin_get_port_by_index(p, i);
        if (!lilv_port_is_a(p, port, o->control) || !lilv_port_is_a(p, port, o->input)) continue;
        LilvNode *name = lilv_port_get_name(p, port);
        printf("%-16s %-12g %g to %g  %s\n", lilv_node_as_string(lilv_port_get_symbol(p, port)), (double)o->value[i],
               (double)low[i], (double)high[i], lilv_node_as_string(name));
        lilv_node_free(name);
    }
    printf("%u in, %u out\n", o->n_in, o->n_out);
    return 0;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void connect(LilvInstance *inst, ports *o, float (*in)[BLOCK], float (*out)[BLOCK])
{
    for (uint32_t i = 0; i < o->n; i++) lilv_instance_connect_port(inst, i, o->atom[i] ? o->atom[i] : &o->value[i]);
    for (uint32_t i = 0; i < o->n_in; i++) lilv_instance_connect_port(inst, o->audio_in[i], in[i]);
    for (uint32_t i = 0; i < o->n_out; i++) lilv_instance_connect_port(inst, o->audio_out[i], out[i]);
}

/* What hosts do before each block: empty event inputs, room in event outputs. */
static void renew_atoms(host *h, ports *o)
{
    for (uint32_t i = 0; i < o->n; i++) {
        LV2_Atom_Sequence *s = o->atom[i];
        if (!s) continue;
        s->atom.type = o->atom_in[i] ? map(h, LV2_ATOM__Sequence) : map(h, LV2_ATOM__Chunk);
        s->atom.size = o->atom_in[i] ? sizeof(LV2_Atom_Sequence_Body) : ATOM_BYTES - sizeof(LV2_Atom);
        s->body.unit = s->body.pad = 0;
    }
}

static double pass_ns(host *h, LilvInstance *inst, ports *o, const float *x, size_t frames, double *power)
{
    static float in[CHANNELS][BLOCK], out[CHANNELS][BLOCK];
    double spent = 0;
    connect(inst, o, in, out);
    *power = 0;
    for (size_t at = 0; at < frames; at += BLOCK) {
        for (size_t i = 0; i < BLOCK; i++)
            for (uint32_t c = 0; c < o->n_in; c++) in[c][i] = x[2 * (at + i) + c % 2];
        renew_atoms(h, o);
        double before = now_ns();
        lilv_instance_run(inst, BLOCK);
        if (h->worker && h->worker->end_run) h->worker->end_run(h->plugin);
        spent += now_ns() - before;
        for (size_t i = 0; i < BLOCK && o->n_out; i++) *power += (double)out[0][i] * (double)out[0][i];
    }
    return spent / (double)frames;
}

static int run(host *h, const LilvPlugin *p, ports *o, const char *path)
{
    size_t frames;
    float *x = read_sound(path, &frames);
    if (!x) return 2;
    LV2_URID_Map mapper = { h, map };
    LV2_URID_Unmap unmapper = { h, unmap };
    LV2_Worker_Schedule worker = { h, schedule };
    const int32_t block = BLOCK;
    const float rate = RATE;
    LV2_URID integer = map(h, LV2_ATOM__Int);
    const LV2_Options_Option options[] = {
        { LV2_OPTIONS_INSTANCE, 0, map(h, LV2_BUF_SIZE__minBlockLength), sizeof block, integer, &block },
        { LV2_OPTIONS_INSTANCE, 0, map(h, LV2_BUF_SIZE__maxBlockLength), sizeof block, integer, &block },
        { LV2_OPTIONS_INSTANCE, 0, map(h, LV2_BUF_SIZE__nominalBlockLength), sizeof block, integer, &block },
        { LV2_OPTIONS_INSTANCE, 0, map(h, LV2_PARAMETERS__sampleRate), sizeof rate, map(h, LV2_ATOM__Float), &rate },
        { LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, NULL },
    };
    const LV2_Feature *const features[] = {
        &(LV2_Feature){ LV2_URID__map, &mapper },
        &(LV2_Feature){ LV2_URID__unmap, &unmapper },
        &(LV2_Feature){ LV2_WORKER__schedule, &worker },
        &(LV2_Feature){ LV2_OPTIONS__options, (void *)options },
        &(LV2_Feature){ LV2_BUF_SIZE__boundedBlockLength, NULL },
        &(LV2_Feature){ LV2_BUF_SIZE__fixedBlockLength, NULL },
        &(LV2_Feature){ LV2_BUF_SIZE__powerOf2BlockLength, NULL },
        NULL,
    };
    LilvInstance *inst = lilv_plugin_instantiate(p, RATE, features);
    if (!inst) return fprintf(stderr, "lv2_host: it does not start\n"), 2;
    h->plugin = lilv_instance_get_handle(inst);
    h->worker = lilv_instance_get_extension_data(inst, LV2_WORKER__interface);
    lilv_instance_activate(inst);
    double best = INFINITY, power = 0;
    for (int i = 0; i < PASSES; i++) best = fmin(best, pass_ns(h, inst, o, x, frames, &power));
    lilv_instance_deactivate(inst);
    lilv_instance_free(inst);
    printf("%.1f\n", power > 0 && isfinite(power) ? best : NAN); /* silence would be no work */
    free(x);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) return fprintf(stderr, "usage: lv2_host FILE.f32 URI [port=value ...] | --ports URI\n"), 2;
    _mm_setcsr(_mm_getcsr() | 0x8040); /* as hosts do: what is too small for a float is none */
    static host h;
    LilvWorld *w = lilv_world_new();
    lilv_world_load_all(w);
    LilvNode *uri = lilv_new_uri(w, argv[2]);
    const LilvPlugin *p = lilv_plugins_get_by_uri(lilv_world_get_all_plugins(w), uri);
    if (!p) return fprintf(stderr, "lv2_host: no plug-in %s\n", argv[2]), 2;
    ports o;
    find_ports(w, p, &o);
    if (!strcmp(argv[1], "--ports")) return show_ports(p, &o);
    for (int i = 3; i < argc; i++)
        if (!set_port(p, &o, argv[i])) return 2;
    return run(&h, p, &o, argv[1]);
}
