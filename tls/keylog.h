/*
 * Inside tls/ only: writes the secrets of connections in the NSS key log format (SSLKEYLOGFILE), so
 * that tools can decrypt a packet capture. Only the file's owner may read it (mode 0600).
 */
#ifndef TLS_KEYLOG_H
#define TLS_KEYLOG_H

/* Opens the file for appending, because several programs may share it. The caller closes the
   descriptor with close(). Returns -1 if it fails, with a sentence in *why that the caller
   frees. */
int keylog_open(const char *path, char **why);

/* Appends a line with one write. A line that cannot be written is lost; no connection fails. */
void keylog_write(int fd, const char *line);

#endif
