"""Work that several processes share: their number, processes of this machine, a cluster."""
