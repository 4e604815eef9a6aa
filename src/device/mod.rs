//! Where the networks run: choose an adapter or the CPU, self-test it, describe it.
