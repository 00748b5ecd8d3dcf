/* A forked child can neither write nor harm the state of its parent. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

static plattli_state *open_state(const char *name) {
    plattli_state *state = NULL;
    OK(plattli_state_open(path("states"), name, NULL, &state));
    return state;
}

static void a_forked_child_cannot_harm_its_parent(void) {
    plattli_state *s = open_state("forked");
    plattli_state_scheduler *scheduler = NULL;
    OK(plattli_state_scheduler_new(1, &scheduler));
    OK(plattli_state_scheduler_add(scheduler, s));
    OK(plattli_state_scheduler_start(scheduler));
    OK(plattli_state_set(s, "a", "1", 1));
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        plattli_string *value = NULL;
        plattli_state *own = NULL;
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_set(s, "a", "2", 1));
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_get(s, "a", &value));
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_compact(s));
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_scheduler_compact_all(scheduler));
        EXPECT(PLATTLI_ERR_BUSY, plattli_state_open(path("states"), "forked", NULL, &own));
        OK(plattli_state_open(path("states"), "child", NULL, &own));
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_scheduler_add(scheduler, own));
        OK(plattli_state_set(own, "mine", "1", 1));
        OK(plattli_state_close(own));
        plattli_state_scheduler_free(scheduler);
        EXPECT(PLATTLI_ERR_FORKED, plattli_state_close(s));
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(plattli_state_set(s, "b", "2", 1));
    OK(plattli_state_close(s));
    plattli_state_scheduler_free(scheduler);
    s = open_state("forked");
    plattli_string *snapshot = NULL;
    OK(plattli_state_snapshot(s, &snapshot));
    CHECK(strcmp(plattli_string_data(snapshot), "{\"a\":1,\"b\":2}") == 0);
    plattli_string_free(snapshot);
    OK(plattli_state_close(s));
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(a_forked_child_cannot_harm_its_parent);
    return 0;
}
