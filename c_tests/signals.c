/* Signals belong to the program. */
#include "check.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct sigaction before[65];

/* The threads of the process other than this one, and how many of them block every signal they can. */
static void background_threads_block_all_signals(void) {
    plattli_writer *w = open_writer("signals", NULL);
    OK(plattli_write_f64(w, "x", 1.0));
    OK(plattli_end_step(w));
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    int others = 0;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.' || atoi(task->d_name) == (int)getpid()) continue;
        char name[300], line[300];
        snprintf(name, sizeof name, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(name, "r");
        CHECK(status != NULL);
        unsigned long long blocked = 0;
        while (fgets(line, sizeof line, status) != NULL)
            if (sscanf(line, "SigBlk: %llx", &blocked) == 1) break;
        fclose(status);
        /* Each of SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXFSZ, the last real-time one. */
        const int signals[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXFSZ, SIGRTMAX};
        for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i)
            CHECK((blocked >> (signals[i] - 1) & 1U) == 1U);
        ++others;
    }
    closedir(tasks);
    CHECK(others == 1);
    /* And the calling thread blocks none. */
    sigset_t mine;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mine) == 0);
    CHECK(sigismember(&mine, SIGTERM) == 0);
    OK(plattli_writer_close(w));
}

/* What happens at each signal: as it was before the library was used, whatever whoever started the program ignores. */
static void no_signal_handler_is_installed(void) {
    for (int number = 1; number <= SIGRTMAX; ++number) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0) continue;
        const int handled = (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
        if (handled || action.sa_handler != before[number].sa_handler || action.sa_flags != before[number].sa_flags) {
            fprintf(stderr, "signal %d is handled\n", number);
            CHECK(0);
        }
    }
}

int main(int argc, char **argv) {
    CHECK(SIGRTMAX < (int)(sizeof before / sizeof *before));
    for (int number = 1; number <= SIGRTMAX; ++number) sigaction(number, NULL, &before[number]);
    BEGIN(argc, argv);
    TEST(background_threads_block_all_signals);
    TEST(no_signal_handler_is_installed);
    return 0;
}
