#include "jobs/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH is this?"
#endif

#define READING (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                                                       \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
#define OTHERS                                                                                   \
    (LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define OF_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
/* by number: headers older than the kernel do not name them. ABI 2: moving between folders; ABI 3: truncating. */
#define REFER                  (1ULL << 13)
#define TRUNCATE               (1ULL << 14)
#define BIND_OR_CONNECT_TCP    3ULL /* ABI 4 */
#define SOCKETS_OR_SIGNALS_OUT 3ULL /* ABI 6 */

/* What the kernel is told to watch; older ones read only its beginning. */
typedef struct watched {
    uint64_t files, net, scope;
} watched;

/* Answered EPERM. io_uring would open sockets behind the filter's back; the rest reaches out of the process. */
static const unsigned refused[] = {
    SYS_socket,
    SYS_io_uring_setup,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_mknodat,
    SYS_fanotify_init,
    SYS_kill,
    SYS_tkill,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_name_to_handle_at,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_syslog,
};

/* What any program of ours reads: libraries, time zones, how many processors there are. */
static const char *const system_files[] = {
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/topdown",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    NULL,
};

/* ---- before the fork --------------------------------------------------------------------------------------------- */

static void add_step(td_confine *c, struct sock_filter step)
{
    c->filter[c->steps++] = step;
}

/* Another architecture's numbers mean other calls and end the process; x32's, above 2^30, are refused. */
static void write_filter(td_confine *c)
{
    _Static_assert(sizeof refused / sizeof refused[0] + 8 <= TD_CONFINE_STEPS, "the filter has room for every call");
    const unsigned calls = sizeof refused / sizeof refused[0];
    c->steps = 0;
    add_step(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
    add_step(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
    add_step(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    add_step(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    add_step(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, (unsigned char)(calls + 1), 0));
    for (unsigned i = 0; i < calls; i++)
        add_step(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], (unsigned char)(calls - i), 0));
    add_step(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    add_step(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
}

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool td_confine_files(void)
{
    return landlock_abi() >= 1;
}

/* Opens path and lets the cage's inhabitant do `rights` below it. */
static bool allow(const td_confine *c, const char *path, uint64_t rights)
{
    struct stat s;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0) return false;
    if (!S_ISDIR(s.st_mode)) rights &= OF_FILES;
    struct landlock_path_beneath_attr rule = { .allowed_access = rights & c->right, .parent_fd = fd };
    bool good = syscall(SYS_landlock_add_rule, c->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return good;
}

td_status td_confine_init(td_confine *c, const char *writable, const char *const *readable, td_error *err)
{
    long abi = landlock_abi();
    *c = (td_confine){ .ruleset = -1 };
    write_filter(c);
    if (abi < 1) return TD_OK;
    c->right = READING | WRITING | OTHERS | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0);
    watched all = { .files = c->right, .net = BIND_OR_CONNECT_TCP, .scope = SOCKETS_OR_SIGNALS_OUT };
    size_t size = abi >= 6 ? sizeof all : abi >= 4 ? offsetof(watched, scope) : offsetof(watched, net);
    c->ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (c->ruleset < 0) return td_fail(err, TD_NOMEM, NULL, NULL, "no cage for the child: %s", strerror(errno));
    for (const char *const *p = system_files; *p; p++) allow(c, *p, READING);
    for (const char *const *p = readable; *p; p++) allow(c, *p, READING);
    allow(c, "/dev/null", READING | WRITING | TRUNCATE);
    if (allow(c, writable, READING | WRITING | REFER | TRUNCATE)) return TD_OK;
    td_confine_fini(c);
    return td_fail(err, TD_DISK, writable, NULL, "cannot be opened: %s", strerror(errno));
}

void td_confine_fini(td_confine *c)
{
    if (c->ruleset >= 0) close(c->ruleset);
    c->ruleset = -1;
}

/* ---- behind the fork --------------------------------------------------------------------------------------------- */

bool td_confine_enter(const td_confine *c)
{
    const struct sock_fprog program = { .len = c->steps, .filter = (struct sock_filter *)c->filter };
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (c->ruleset >= 0) {
        allow(c, "/proc/self", READING); /* its own, which exists only now */
        if (syscall(SYS_landlock_restrict_self, c->ruleset, 0) != 0) return false;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
