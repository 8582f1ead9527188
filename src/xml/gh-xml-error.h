/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GH_XML_ERROR (gh_xml_error_quark ())
GQuark gh_xml_error_quark (void);

typedef enum
{
  GH_XML_ERROR_PARSE,
  GH_XML_ERROR_NOT_A_DOMAIN, /* well-formed, but another kind of document than was asked for */
  GH_XML_ERROR_DTD,          /* has a document type: refused, entities are an attack */
  GH_XML_ERROR_TOO_LARGE,
  GH_XML_ERROR_VALUE,        /* a choice or a value that cannot be */
} GhXmlError;

G_END_DECLS
