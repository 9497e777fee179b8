// Package certfile holds certificates that are read from files, and read again when the files change.
//
//	Pair   a certificate and its key: what a listener shows, or what a client shows
//	Pool   authorities: whom a client believes
//
// Whether a file has changed is told by its bytes. Times tell less: a volume of Kubernetes swaps a symbolic link to the
// folder above, and copies keep the times of what they copy. What is read and is no good changes nothing: the one before
// goes on being used, and Reload says why.
//
// Nothing here runs by itself; whoever holds a File calls Reload, every few seconds or when told to.
package certfile
