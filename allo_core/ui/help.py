"""The page's help texts: one sentence a term."""

__all__ = ["HELP"]

HELP = {
    "receptor": "A human GPCR of the library, found by UniProt entry name, accession or name.",
    "sequence": "One protein in one-letter code or FASTA; white space and lower case are fine.",
    "residues": "UniProt numbers with or without the letter (D52, 52, 52-55), Ballesteros-Weinstein (2.50) or GPCRdb numbers (2x50).",
    "site": "A set of residues from the literature or the class A sodium pocket; choosing one replaces the marked residues.",
    "structure": "The receptor chain is found by aligning every chain with the sequence, so fusions and offset numbering do not matter.",
    "model": "The protein language model whose attention is read; it sees the sequence alone, never the structure.",
    "device": "Where the model computes; automatic takes an NVIDIA GPU, then an Apple GPU, then the CPU.",
    "dtype": "float32 is the reference; bfloat16 is faster and halves the memory at about three digits of precision.",
    "head": "One of the parallel attention patterns of a layer; layers and heads are counted from 0.",
    "arcs": "Pairs of residues between which the head's attention exceeds the threshold.",
    "threshold": "Only attention above it counts; 0.3 as in Vig et al. 2021 and Dong et al. 2024, 0 counts all.",
    "impact": "Share of the head's attention above the threshold that falls on the marked residues.",
    "enrichment": "Attention on the marked residues over what as many random ones would get; log₂ 0 is chance, 1 is twice chance.",
    "snr": "How many standard deviations of the random sets the attention on the marked residues lies above their mean.",
    "q": "The share of false findings expected among heads with a q this small or smaller (Benjamini-Hochberg).",
    "null": (
        "What random residues are drawn: matched draws as many from the same segments and conservation classes, uniform from the whole "
        "sequence, published repeats the formula of the published scripts and gives no p."
    ),
    "sink": "A head that gives half of its attention to two residues whatever is marked.",
    "colouring": "Attention received sums all attention that the head's queries pay to a residue; above threshold sums only the arcs.",
    "control": "How many heads would pass for random residues of the same kind.",
}
