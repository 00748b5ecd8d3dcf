/* A file system with slow metadata, as on a loaded cluster: a passthrough on FUSE that waits and counts.
 *
 *     slowfs BACKING MOUNTPOINT COUNTS [writeback]
 *
 * Every lookup and getattr, open, create, unlink, rename, mkdir, rmdir, opendir and truncate waits META_US (500), every
 * write, read and fsync that reaches it DATA_US (200); closing is counted, not delayed. With "writeback" the page cache of
 * the kernel takes the writes, as that of a client of Lustre does. COUNTS is rewritten, as JSON, each time /.counts
 * is looked at, and at the end. With HIDE=1 a file that is removed while it is open stays under another name until it is
 * closed, as NFS has it; otherwise it goes. It ends, and unmounts, with SIGTERM, and with the process that started it. */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum kind { GETATTR, OPEN, CREATE, UNLINK, RENAME, MKDIR, RMDIR, OPENDIR, TRUNCATE, WRITE, READ, FSYNC, CLOSE, OTHER, KINDS };
static const char *const KIND_NAMES[KINDS] = {"getattr", "open", "create", "unlink", "rename", "mkdir", "rmdir", "opendir", "truncate", "write", "read", "fsync", "close", "other"};

static atomic_long counts[KINDS];
static const char *backing, *counts_path;
static int meta_us = 500, data_us = 200, writeback;

static void tell(void) {
    FILE *file = fopen(counts_path, "w");
    if (file == NULL) return;
    for (int kind = 0; kind < KINDS; ++kind) fprintf(file, "%s\"%s\": %ld", kind ? ", " : "{", KIND_NAMES[kind], (long)counts[kind]);
    fprintf(file, "}\n");
    fclose(file);
}

static void operation(enum kind kind) {
    ++counts[kind];
    const int us = kind < WRITE ? meta_us : kind <= FSYNC ? data_us : 0;
    const struct timespec wait = {0, us * 1000L};
    if (us) nanosleep(&wait, NULL);
}

/* The answer of the kernel as FUSE wants it. */
static int answer(long result) { return result < 0 ? -errno : (int)result; }

static const char *behind(const char *path, char at[4096]) {
    snprintf(at, 4096, "%s%s", backing, path);
    return at;
}

static int slow_getattr(const char *path, struct stat *st, struct fuse_file_info *file) {
    char at[4096];
    if (!file && strcmp(path, "/.counts") == 0) {
        tell();
        return -ENOENT;
    }
    operation(GETATTR);
    return answer(file ? fstat((int)file->fh, st) : lstat(behind(path, at), st));
}

/* With the page cache in between the kernel places the bytes, and reads what it writes only in part. */
static int flags_of(const struct fuse_file_info *file) {
    int flags = file->flags;
    if (!writeback) return flags;
    flags &= ~O_APPEND;
    return (flags & O_ACCMODE) == O_WRONLY ? (flags & ~O_ACCMODE) | O_RDWR : flags;
}

static int opened(int fd, struct fuse_file_info *file) {
    if (fd < 0) return -errno;
    file->fh = (uint64_t)fd;
    return 0;
}

static int slow_open(const char *path, struct fuse_file_info *file) {
    char at[4096];
    operation(OPEN);
    return opened(open(behind(path, at), flags_of(file)), file);
}

static int slow_create(const char *path, mode_t mode, struct fuse_file_info *file) {
    char at[4096];
    operation(CREATE);
    return opened(open(behind(path, at), flags_of(file) | O_CREAT, mode), file);
}

static int slow_read(const char *path, char *into, size_t n, off_t at, struct fuse_file_info *file) {
    (void)path;
    operation(READ);
    return answer(pread((int)file->fh, into, n, at));
}

static int slow_write(const char *path, const char *from, size_t n, off_t at, struct fuse_file_info *file) {
    (void)path;
    operation(WRITE);
    return answer(pwrite((int)file->fh, from, n, at));
}

static int slow_flush(const char *path, struct fuse_file_info *file) {
    (void)path, (void)file;
    operation(CLOSE);
    return 0;
}

static int slow_release(const char *path, struct fuse_file_info *file) {
    (void)path;
    close((int)file->fh);
    return 0;
}

static int slow_fsync(const char *path, int data_only, struct fuse_file_info *file) {
    (void)path, (void)data_only;
    operation(FSYNC);
    return file ? answer(fsync((int)file->fh)) : 0;
}

static int slow_fsyncdir(const char *path, int data_only, struct fuse_file_info *file) {
    (void)path, (void)data_only, (void)file;
    operation(FSYNC);
    return 0;
}

static int slow_unlink(const char *path) {
    char at[4096];
    operation(UNLINK);
    return answer(unlink(behind(path, at)));
}

static int slow_rename(const char *from, const char *to, unsigned flags) {
    char at[4096], there[4096];
    operation(RENAME);
    if (flags) return -EINVAL;
    return answer(rename(behind(from, at), behind(to, there)));
}

static int slow_mkdir(const char *path, mode_t mode) {
    char at[4096];
    operation(MKDIR);
    return answer(mkdir(behind(path, at), mode));
}

static int slow_rmdir(const char *path) {
    char at[4096];
    operation(RMDIR);
    return answer(rmdir(behind(path, at)));
}

static int slow_truncate(const char *path, off_t length, struct fuse_file_info *file) {
    char at[4096];
    operation(TRUNCATE);
    return answer(file ? ftruncate((int)file->fh, length) : truncate(behind(path, at), length));
}

static int slow_opendir(const char *path, struct fuse_file_info *file) {
    char at[4096];
    operation(OPENDIR);
    DIR *dir = opendir(behind(path, at));
    if (dir == NULL) return -errno;
    file->fh = (uintptr_t)dir;
    return 0;
}

static int slow_readdir(const char *path, void *into, fuse_fill_dir_t fill, off_t from, struct fuse_file_info *file, enum fuse_readdir_flags flags) {
    (void)path, (void)from, (void)flags;
    DIR *dir = (DIR *)(uintptr_t)file->fh;
    rewinddir(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (fill(into, entry->d_name, NULL, 0, 0)) break;
    return 0;
}

static int slow_releasedir(const char *path, struct fuse_file_info *file) {
    (void)path;
    closedir((DIR *)(uintptr_t)file->fh);
    return 0;
}

static int slow_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    char at[4096];
    operation(OTHER);
    return answer(file ? futimens((int)file->fh, times) : utimensat(AT_FDCWD, behind(path, at), times, AT_SYMLINK_NOFOLLOW));
}

static int slow_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
    char at[4096];
    operation(OTHER);
    return answer(file ? fchmod((int)file->fh, mode) : chmod(behind(path, at), mode));
}

static void *slow_init(struct fuse_conn_info *connection, struct fuse_config *config) {
    prctl(PR_SET_TIMERSLACK, 1);
    config->use_ino = 1;
    config->hard_remove = !getenv("HIDE");
    config->nullpath_ok = 1; /* a removed file has no path, and what is open is not asked for one */
    if (writeback && (connection->capable & FUSE_CAP_WRITEBACK_CACHE)) connection->want |= FUSE_CAP_WRITEBACK_CACHE;
    return NULL;
}

static void slow_destroy(void *private) {
    (void)private;
    tell();
}

static const struct fuse_operations OPERATIONS = {
    .getattr = slow_getattr, .open = slow_open, .create = slow_create, .read = slow_read, .write = slow_write, .flush = slow_flush,
    .release = slow_release, .fsync = slow_fsync, .fsyncdir = slow_fsyncdir, .unlink = slow_unlink, .rename = slow_rename, .mkdir = slow_mkdir,
    .rmdir = slow_rmdir, .truncate = slow_truncate, .opendir = slow_opendir, .readdir = slow_readdir, .releasedir = slow_releasedir,
    .utimens = slow_utimens, .chmod = slow_chmod, .init = slow_init, .destroy = slow_destroy,
};

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    backing = argv[1];
    counts_path = argv[3];
    writeback = argc > 4;
    if (getenv("META_US")) meta_us = atoi(getenv("META_US"));
    if (getenv("DATA_US")) data_us = atoi(getenv("DATA_US"));
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1);
    umask(0);
    char foreground[] = "-f";
    char *arguments[] = {argv[0], foreground, argv[2], NULL};
    return fuse_main(3, arguments, &OPERATIONS, NULL);
}
