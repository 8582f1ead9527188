/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/**
 * GhLab:
 *
 * One ordinary user's world on this machine: a home, a runtime directory, and with them
 * a session libvirtd and QEMUs of its own, all real. A test program may have several;
 * nothing in this process's environment is changed. Used from one thread.
 */
typedef struct _GhLab GhLab;

GhLab       *gh_lab_new                (void);
void         gh_lab_free               (GhLab *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLab, gh_lab_free)

const char  *gh_lab_get_folder         (GhLab *self);
char        *gh_lab_dup_path           (GhLab *self,
                                        const char *name);   /* in a folder for the test's files */
char        *gh_lab_write_file         (GhLab *self, const char *name,
                                        const char *text); /* its path */
void         gh_lab_set_env            (GhLab *self, const char *name, const char *value);
GStrv        gh_lab_dup_environ        (GhLab *self);                     /* for children */

/* The tiny guest, made once per build; NULL (and the test skipped) where it cannot be. */
const char  *gh_lab_get_kernel         (GhLab *self);
const char  *gh_lab_get_initrd         (GhLab *self);
gboolean     gh_lab_has_guest          (void);

/* Waits in the default main context; FALSE when it took longer. For what sends no signal. */
typedef gboolean (*GhLabCondition) (gpointer data);
gboolean     gh_lab_wait               (guint seconds, GhLabCondition condition, gpointer data);

/* The daemon. Clients start it by themselves, as for any user; this does when needed. */
void         gh_lab_start_daemon       (GhLab *self);
/* Before it starts: the words that start it elsewhere, and more of its settings (“libvirtd.conf”,
 * “qemu.conf”). */
void         gh_lab_set_place          (GhLab *self, const char * const *words);
void         gh_lab_add_settings       (GhLab *self, const char *file, const char *lines);
GPid         gh_lab_get_daemon_pid     (GhLab *self);                     /* 0: it does not run */
void         gh_lab_signal_daemon      (GhLab *self, int signum);         /* SIGSTOP, SIGCONT */
void         gh_lab_kill_daemon        (GhLab *self);                     /* kill -9, and waits */
/* by its socket: from any environment */
char        *gh_lab_dup_uri            (GhLab *self);
virConnectPtr gh_lab_connect           (GhLab *self);                     /* owned by the lab */
/* a virDomainState; -1: no such machine */
int          gh_lab_get_machine_state  (GhLab *self, const char *name);
GPid         gh_lab_get_qemu_pid       (GhLab *self, const char *name);   /* 0: none */

/* The machine's UUID, or NULL: no such machine. */
char        *gh_lab_dup_machine_uuid   (GhLab *self, const char *name);

/* Everything a user would find: names of machines, volumes, pools and the paths of files in the
 * home, sorted. Logs and caches do not count. Equal lists before and after: nothing is left. */
GStrv        gh_lab_list_inventory     (GhLab *self);
void         gh_lab_assert_inventory   (GhLab *self, char **expected);
/* Processes of this world: “PID command line”. */
GStrv        gh_lab_list_processes     (GhLab *self);

/* The program, on its command line. */
typedef struct
{
  int       status;   /* exit status; 128 + signal when it was killed */
  char     *out;
  char     *err;
  JsonNode *json;     /* (nullable): standard output, if it is a JSON document */
} GhLabRun;

GhLabRun    *gh_lab_run                (GhLab *self, const char *arg, ...) G_GNUC_NULL_TERMINATED;
GhLabRun    *gh_lab_runv               (GhLab *self, const char * const *args);
/* The same in the background: to be signalled, and waited for once. */
typedef struct _GhLabChild GhLabChild;
GhLabChild  *gh_lab_spawn              (GhLab *self, const char *arg, ...) G_GNUC_NULL_TERMINATED;
void         gh_lab_child_signal       (GhLabChild *child, int signum);
gboolean     gh_lab_child_has_ended    (GhLabChild *child);
GhLabRun    *gh_lab_child_wait         (GhLabChild *child);               /* frees the child */
void         gh_lab_run_free           (GhLabRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLabRun, gh_lab_run_free)
/* Whether the checks in the document hold @id at @level ("refusal"). */
gboolean     gh_lab_run_has_check      (GhLabRun *run, const char *id, const char *level);
/* "" when there is none */
const char  *gh_lab_run_get_outcome    (GhLabRun *run);

#define gh_lab_assert_status(run, expected) \
  G_STMT_START { \
    if ((run)->status != (expected)) \
      g_error ("exit status %d, not %d\n%s\n%s", (run)->status, (expected), (run)->out, \
               (run)->err); \
  } G_STMT_END

/* What the guest writes to its serial port, from when it is opened; it drops what comes before. */
typedef struct _GhLabSerial GhLabSerial;

GhLabSerial *gh_lab_serial_open        (GhLab *self, const char *machine);
void         gh_lab_serial_close       (GhLabSerial *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLabSerial, gh_lab_serial_close)
void         gh_lab_serial_write       (GhLabSerial *self, const char *text);
gboolean     gh_lab_serial_wait        (GhLabSerial *self, const char *text, guint seconds);
/* The number that follows what was waited for last; waits for its end. */
guint64      gh_lab_serial_read_number (GhLabSerial *self);
/* Types @command and waits for @answer in a line of its own. */
void         gh_lab_serial_command     (GhLabSerial *self, const char *command, const char *answer);

/* The guest's screen, as the host draws it: the bytes of a PPM or PNG. */
GBytes      *gh_lab_screenshot         (GhLab *self, const char *machine);

G_END_DECLS
