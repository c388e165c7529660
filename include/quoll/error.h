/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error enumeration of all classes, drivers and libraries.
 *
 * Errors are negative, so that a function may return a count or an error in one
 * signed value. The numbers travel over links (a response's status) and are part
 * of the link ABI: they never change their meaning.
 */
#ifndef QUOLL_ERROR_H
#define QUOLL_ERROR_H

enum quoll_error {
    QUOLL_OK = 0,
    QUOLL_EINVALID = -1,     /* an argument is malformed or out of range */
    QUOLL_EDENIED = -2,      /* well formed, but not this client's to ask for */
    QUOLL_EBUSY = -3,        /* no slot, buffer or quota left; try again later */
    QUOLL_ETIMEDOUT = -4,    /* a device did not answer within its bound */
    QUOLL_EIO = -5,          /* the device says that it failed */
    QUOLL_EUNSUPPORTED = -6, /* the device or driver cannot do this */
    QUOLL_ENOTFOUND = -7,    /* no such name, partition or device */
    QUOLL_ECORRUPT = -8,     /* data from a disk or wire contradicts itself */
    QUOLL_ERESET = -9,       /* a peer began a new life; the request is lost */
    QUOLL_EDOWN = -10,       /* the link or the media is not there */
};

/** The error's name without prefix, in lower case ("timed out"); never NULL. */
const char *quoll_error_name(enum quoll_error error);

#endif
