/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gh-host.h"
#include "gh-plan.h"

G_BEGIN_DECLS

typedef enum
{
  GH_CLI_DONE = 0,
  GH_CLI_FAILED = 1,         /* and undone */
  GH_CLI_USAGE = 2,
  GH_CLI_REFUSED = 3,        /* by a check, or a warning was not accepted */
  GH_CLI_UNDONE_IN_PART = 4,
} GhCliStatus;

/* What all verbs share. */
typedef struct
{
  char         *uri;         /* (nullable): the user names none */
  gboolean      dry_run;
  gboolean      yes;
  gboolean      json;
  gboolean      terminal;    /* the user sees what goes to standard error, and can answer */

  gboolean      takes_fixes; /* the verb has --fix */
  GStrv         fixes;       /* (nullable) (unowned): ids of checks, in this order */
  gboolean      expects_readings; /* the verb asks the host many things */
  GhHost       *host;        /* (nullable) */
  GMainLoop    *loop;
  GCancellable *cancellable; /* cancelled by Ctrl+C */
  GAsyncResult *result;      /* (nullable): of the call that is waited for */
  guint         n_interrupts;
  gboolean      printed_json;
} GhCli;

/* Call something _async with this as its callback and the GhCli as its data, and then wait: the
 * verbs read from top to bottom, and the main loop runs while they wait. */
void          gh_cli_call_cb      (GObject *object, GAsyncResult *result, gpointer user_data);
GAsyncResult *gh_cli_wait         (GhCli *self);

/* Verbs' own options, beside the common ones. @n_arguments: how many words they need; @n_more:
 * how many more they take. NULL (and an error) when the line is not as it should be; words else. */
GStrv         gh_cli_parse        (GhCli *self, const char *verb, const GOptionEntry *entries,
                                   guint n_arguments, guint n_more, int argc, char **argv,
                                   GError **error);

/* (nullable): the address of a saved host, by that or by its name; names that are seen together are
 * different ones. @label: (out) (optional): its name. */
char         *gh_cli_dup_saved_host (const char *word, char **label);
/* The same, or what was typed. */
char         *gh_cli_dup_host_uri (const char *word);
/* Before it is connected: what of the address is not done, and what it runs. */
void          gh_cli_tell_remark  (GhCli *self, const char *uri);
gboolean      gh_cli_connect      (GhCli *self, GError **error);
GhMachine    *gh_cli_find_machine (GhCli *self, const char *name, GError **error);

/* For verbs about one machine, after gh_cli_parse(). NULL, and @status, when there is none: it was
 * told why, or help was. */
GhMachine    *gh_cli_open_machine (GhCli *self, GStrv words, GError **error, GhCliStatus *status);

/* Standard output: text unless --json, and exactly one document with it. */
void          gh_cli_print        (GhCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void          gh_cli_print_json   (GhCli *self, JsonNode *node);
/* Takes @object. */
void          gh_cli_take_json    (GhCli *self, JsonObject *object);
/* Standard error. */
void          gh_cli_tell         (GhCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Tells an error, as JSON where asked for. */
void          gh_cli_tell_details (GhCli *self, const GError *error);
GhCliStatus   gh_cli_fail         (GhCli *self, GhCliStatus status, const char *what,
                                   const GError *error);
/* FALSE when the user says no, or cannot be asked. */
gboolean      gh_cli_ask          (GhCli *self, const char *question);
/* Tells that warnings were not accepted. */
void          gh_cli_tell_no      (GhCli *self);

/* On a terminal it tells who is asked, when that takes long. */
gboolean      gh_cli_prepare_plan (GhCli *self, GhPlan *plan, GError **error);
/* Prepares, shows, asks, runs and reports any plan. */
GhCliStatus   gh_cli_run_plan     (GhCli *self, GhPlan *plan);
/* The same without writing its document, for verbs that run several. */
GhCliStatus   gh_cli_carry_out    (GhCli *self, GhPlan *plan);

/* (element-type GhCheck) */
void          gh_cli_show_checks  (GhCli *self, GPtrArray *checks);
/* A line of a table of facts; nothing when there is no @value. */
void          gh_cli_print_fact   (GhCli *self, const char *name, const char *value);

/* Verbs. */
GhCliStatus   gh_cli_list         (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_info         (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_act          (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_screenshot   (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_create       (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_clone        (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_migrate      (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_moving       (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_empty_host   (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_remove_left  (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_delete       (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_host         (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_hosts        (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_add_host     (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_test_host    (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_edit_host    (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_remove_host  (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_images       (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_template     (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_try          (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_discard      (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_keep         (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_make_independent (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_snapshot     (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_resize       (GhCli *self, const char *verb, int argc, char **argv);
GhCliStatus   gh_cli_undo         (GhCli *self, const char *verb, int argc, char **argv);

/* The verb's line and summary, for --help. */
const char   *gh_cli_get_usage    (const char *verb);
const char   *gh_cli_get_summary  (const char *verb);

#define GH_CLI_ERROR (gh_cli_error_quark ())
GQuark        gh_cli_error_quark  (void);
/* Codes of GH_CLI_ERROR. */
enum
{
  GH_CLI_ERROR_USAGE,
  GH_CLI_ERROR_HELP, /* help was printed: nothing is to be done */
};

G_END_DECLS
