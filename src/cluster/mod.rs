//! Embeddings to people: agglomerative clustering under constraints.
