#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// What starting mpirun needs of Linux and the importer cannot see: fork is hidden from Swift, prctl and syscall are
// variadic.

// The calling process receives `signal` when the thread that created it ends.
static inline void cmpi_die_with_parent(int signal) { prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

// Number of cores that the calling thread may run on; 0 when the kernel does not say.
static inline int cmpi_available_cores(void) {
  unsigned long mask[128];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int cores = 0;
  for (long word = 0; word < bytes / (long)sizeof mask[0]; word++) cores += __builtin_popcountl(mask[word]);
  return cores;
}

// Orphaned descendants become children of this process instead of init's.
static inline int cmpi_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

// A pipe whose ends no program started later inherits. Returns 0, or -1 and sets errno.
static inline int cmpi_pipe(int ends[2]) {
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
}

// Starts `path` in a process group of its own, with standard input empty, standard error going to `error_output`, all
// signals unblocked and at their defaults; it receives SIGTERM when the calling thread ends, however that comes about.
// Returns its process id, or a negated errno.
static inline pid_t cmpi_spawn(const char *path, char *const arguments[], int error_output) {
  int report[2];
  if (cmpi_pipe(report) != 0) return -errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) {
    int failure = errno;
    close(report[0]);
    close(report[1]);
    return -failure;
  }
  if (child == 0) {
    // Only async-signal-safe calls: other threads may have held any lock when this one forked.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) _exit(127);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int empty = open("/dev/null", O_RDONLY);
    if (empty >= 0 && dup2(empty, 0) >= 0 && dup2(error_output, 2) >= 0) execv(path, arguments);
    int failure = errno;
    ssize_t written = write(report[1], &failure, sizeof failure);
    _exit(written == sizeof failure ? 127 : 126);
  }
  close(report[1]);
  int failure = 0;
  ssize_t received;
  do received = read(report[0], &failure, sizeof failure);
  while (received < 0 && errno == EINTR);
  close(report[0]);
  return received == sizeof failure ? -failure : child;
}
