"""The page's help texts: one sentence a term."""

from allo_core.attention.control import LEVEL
from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.models.registry import PUBLISH_WITH, get_spec
from allo_core.protein.contacts import CB_CONTACT, NEAR_TARGET
from allo_core.storage.amounts import gigabytes
from allo_core.ui.shared.text import in_words

__all__ = ["DEFINITIONS", "HELP", "NULL_IN_WORDS"]

HELP = {
    "receptor": "A human GPCR of the library, found by UniProt entry name, accession or name.",
    "sequence": "One protein in one-letter code or FASTA; white space and lower case are fine.",
    "accession": "Fetched from UniProt and kept; isoforms as P21917-2; a receptor of the library needs no network.",
    "identifier": "A PDB entry (6DDF) or an AlphaFold model (AF-P29274-F1), fetched and kept.",
    "sets": "A is what attention falls on; with B the page also shows the attention from one set to the other; clicks mark the chosen set.",
    "colours": "With the same ends everywhere (2 for log₂ enrichment, 3 for SNR, 2 for −log₁₀ q) two heatmaps can be compared by eye.",
    "testable": f"The highest threshold at which at least half of the heads have {FEWEST_ARCS} arcs, so that they can be tested.",
    "set_name": "What the set is called in the verdict, on slides and in records; the link keeps it.",
    "ablation": (
        "What the loss at masked residues rises by when the head's output is replaced by its mean over receptors, in nats a residue; "
        "matched residues are unmarked ones of the same segment and conservation in this protein.  Sharp attention is not importance."
    ),
    "verdict": "The same in the terms of the field: what it is compared with, at which level, and how it does by chance.",
    "residues": "UniProt numbers (D52, 52, 52-55), generic numbers (2.50, 2x50, D2.50, 7x45-7x50) or segments (TM3, ICL2).",
    "site": (
        "A list of residues read off an entry of the wwPDB, or the class A sodium pocket; the line below says entry, ligand, rule and who "
        "compiled it.  Choosing one replaces the residues of this set."
    ),
    "near": f"Residues with a heavy atom within {NEAR_TARGET:g} Å of a heavy atom of the chosen ligand, ion or partner chain.",
    "esmfold": "A model that folds a sequence without alignment or template (Lin et al. 2023): all atoms, with pLDDT, in no stated state.",
    "model_fold": "CA distances that a small network reads from the language model: a probe of what it knows, and no better structure.",
    "heads_know": "Heads are silenced and their maps left out; a fold that changes no more than without random heads does not need them.",
    "judged_by": "Folds are laid on this structure of the same protein and compared with it; a fold judges nothing.",
    "fold_gain": "By how much the fold is better than the average of its class, which knows nothing of the receptor but its numbers.",
    "fold_placed": "Residues that the fold gives a place; it invents no others.",
    "fold_colours": "Confidence is known without a structure; lDDT says how right the fold is at each residue.",
    "lddt": "The share of distances below 15 Å in the structure that the fold keeps (Mariani et al. 2013); it needs no superposition.",
    "tm_score": "1 for equal folds (Zhang and Skolnick 2004); any class A receptor scores about 0.9 on another, so it says little here.",
    "structure": "The receptor chain is found by aligning every chain with the sequence, so fusions and offset numbering do not matter.",
    "beside": "Another state, or another receptor with the same head and the marks carried over; turn one and both turn.",
    "chain": "The file shows the receptor more than once; which of its chains is coloured, measured and marked.",
    "question": "Which residues are asked about, and in which receptors.",
    "positions": "GPCRdb numbers (2x50 3x39), which mean the same place in every receptor of a class, or: sodium pocket.",
    "required": "Only receptors with this residue; D2.50 binds sodium, but having it is no evidence that a receptor does.",
    "evidence": (
        f"Ligand contacts touch the modulator in one structure (computed here: within {NEAR_TARGET:g} Å); neighbourhoods are all residues "
        "within 7 Å of it."
    ),
    "table": "One row a receptor: its entry name, or a name and a sequence, and residues as D52 S91, 2x50, or a library site.",
    "set_score": "The mean over receptors in which every cluster of homologues (identity above 40 %) counts once.",
    "set_control": (
        "Random sets and places are drawn for all receptors together, because homologues, and receptors with the same site, are not "
        "independent of each other."
    ),
    "swapped": (
        "Receptors get each other's sites, carried over by generic number, in random orders: a head that looks at the own sites no more "
        "than at these says nothing of these receptors' sites."
    ),
    "family": "The head's attention on each position over that of the mean residue, averaged over the receptors.",
    "alone": f"In how many receptors the head passes by itself (q < {LEVEL:g} under that receptor's own matched null, which some head "
    "passes for 6 to 31 % of the places where nothing is marked).",
    "shuffled": "The model reads the same sequences with their residues in random order: what is left comes from composition alone.",
    "superposed": "Laid on the first one by the CA atoms of residues with the same generic numbers; turn one and all turn.",
    "model": "The protein language model whose attention is read; it sees the sequence alone, never the structure.",
    "publish_with": (
        f"The model of the published work on allostery; {gigabytes(get_spec(PUBLISH_WITH).sources[0].size)}, fetched once, "
        "then ten seconds a receptor on two CPU cores."
    ),
    "device": "Where the model computes; automatic takes an NVIDIA GPU, then an Apple GPU, then the CPU.",
    "dtype": "float32 is the reference; bfloat16 is faster and halves the memory at about three digits of precision.",
    "draws": "How many random residue sets or pockets p is counted on; more give smaller reachable p and take longer once.",
    "head": "One of the parallel attention patterns of a layer; layers and heads are counted from 0.",
    "arcs": "Pairs of residues between which the head's attention exceeds the threshold.",
    "threshold": "Only attention above it counts; 0.3 as in Vig et al. 2021 and Dong et al. 2024, 0 counts all.",
    "set_threshold": (
        "Only attention above it counts; sets of receptors count attention alone, value-weighted attention is on Explore, for one receptor."
    ),
    "measure": "Attention that falls on set A or on set B from everywhere, or only that which one set pays to the other (coupling).",
    "weighting": (
        "Value-weighted counts A_ij |v_j W_O|, the length of what a head adds to residue i from residue j, instead of the attention A_ij "
        "alone (Kobayashi et al. 2020, Attention is not only a weight, EMNLP); each head is divided by its mean over queries."
    ),
    "no_threshold": "Value-weighted attention counts all arcs, as attention does at threshold 0.",
    "score": "Enrichment is relative to chance, SNR in standard deviations of chance, q the share of false findings.",
    "impact": "Share of the head's attention above the threshold that falls on the marked residues.",
    "enrichment": "Attention on the marked residues over what as many random ones would get; log₂ 0 is chance, 1 is twice chance.",
    "snr": "How many standard deviations of the random sets the attention on the marked residues lies above their mean.",
    "q": (
        "The share of false findings expected among heads with a q this small or smaller (Benjamini-Hochberg); among places never below "
        "the share of them at which some head has as small a q."
    ),
    "null": (
        "What a head is compared with: pocket takes random pockets or stretches like the site, matched as many random residues of the same "
        "segments and conservation, uniform of the whole sequence, published the formula of the published scripts, which gives no p."
    ),
    "generic": "A name for the same place in all receptors of a class: helix and position relative to its most conserved residue, x50.",
    "sink": "A head that gives half of its counted attention to two residues, so that what is marked hardly matters.",
    "flags": (
        f"A head is flagged when it has fewer than {FEWEST_ARCS} arcs, "
        f"when fewer than {in_words(FEWEST_RESIDUES)} marked residues carry its score, "
        "or when it is a column sink; plain grey is a head without a score.  A click or an arrow key selects another head."
    ),
    "colouring": "What the receptor's colour means; the legend on the structure names the values and where its scale ends.",
    "contacts_rule": "When two residues touch. The lists of central residues depend on it: see how many stay by the other rules.",
    "centrality": "How much a residue lies between others, or near to all, in the network of contacts; mostly burial.",
    "edges": "All contacts alike, or shorter where the head or heads look along them; attention off the contacts does not count.",
    "network": (
        "Contacts of one static structure: topology, no motion and no evidence of a signal. Paths stand beside those of pocket pairs at "
        "the same distance, ranks beside burial and noise of 0.3 Å in the coordinates."
    ),
    "predicted": (
        "What a regression fitted to receptors with listed allosteric sites gives each residue, above all from where their sites lie; a "
        "ranking within one receptor rather than a probability to rely on."
    ),
    "orthosteric": "Where the receptor's own ligand binds; some listed allosteric sites overlap it, so its residues can rank high.",
    "scale": "Whether the colour scale ends at the 98th percentile of this head or of all heads, so that heads can be compared.",
    "pairs": "The residue pairs of the head with most attention, drawn as cylinders, thicker for more attention.",
    "places": (
        "Random pockets of the site's size and shape, grown around random residues, or the site moved along the chain where it is a "
        "stretch, or for a coupling pairs of pockets as far apart as the two sets; a head passes if its SNR is larger than at nearly all "
        "of them, since attention is smooth and likes whole neighbourhoods."
    ),
    "global_p": (
        f"How often as many heads have p up to {LEVEL:g} at such a place as at the site: one number for all heads, "
        "where no single one can be named."
    ),
    "questions": (
        "How many different questions have had their answer shown in this session, this one among them; the more there are, the likelier "
        "one of them passes by chance, since q corrects for the heads of one question alone."
    ),
    "frozen": (
        "A file that fixes the question and what counts as a finding before the model runs; its sha256 shows whether it was changed since, "
        "and python -m allo_core analyse --frozen gives its answer."
    ),
    "overlap": "How much of a random site is the marked site itself, on average: the more, the less a head can stand out from such sites.",
    "needed": (
        f"The attention over the expected one above which a head has q < {LEVEL:g} although no other head does, with its random sites as "
        "they are; under it, no head passes whether the model looks there or not."
    ),
    "explained": (
        "Least squares on log₂ of the attention received without threshold, plus a tenth of its mean, over the residues with a generic "
        "number and a position; what is left at the site is ranked among places like it, and its p knows nothing of the other heads."
    ),
    "local_share": "Share of the arcs between residues at most four apart along the chain.",
    "long_range_share": "Share of the arcs between residues at least 24 apart along the chain, long range as CASP counts it.",
    "contact_share": f"Share in contact, CB atoms (CA of glycine) below {CB_CONTACT:g} Å; neighbours along the chain nearly always are.",
    "contact_share_far": "Share in contact among arcs between residues at least six apart, where contact is no matter of course.",
    "special_share": "Share of attention that goes to the start and end tokens instead of residues.",
    "residues_hit": "Marked residues that receive at least one arc.",
    "largest_share": "Share of the attention on the marked residues that a single one of them gets.",
    "stability": "The head's score at other thresholds; a finding that holds at only one of them is fragile.",
    "masked": (
        "Masked: each residue is hidden while the model is asked for it, a pass for each. One pass: the model sees the whole sequence, "
        "also the residue that it is asked for, so its values rank substitutions and are no probabilities."
    ),
    "pseudo_perplexity": (
        "exp of the mean of -log p(residue that is there), each masked in its turn: 1 if the model is sure of every residue, 20 for a "
        "blind guess."
    ),
    "entropy": "How undecided the model is at a residue: 0 bits if one residue is certain, 4.32 if all twenty are alike.",
    "mutation_score": (
        "log p(other residue) - log p(residue that is there), in nats: below 0 the model expects the other one less. It says nothing about "
        "disease."
    ),
    "fill": (
        "One pass in which the residues of set A are masked together; each is asked by itself, so the likeliest residues need not be the "
        "likeliest combination."
    ),
    "contacts": (
        "Two residues touch if their CB atoms (CA of glycine) are nearer than 8 Å; neighbours along the chain do as a matter of course."
    ),
    "precision": (
        "The share of the best L, L/2 or L/5 predicted pairs that touch in the known structure; L is the number of residues. Separation "
        "alone: the pairs as far apart along the chain as residues of other receptors that touch most often."
    ),
    "separation": "Pairs must be at least so many residues apart along the chain.",
    "shown_pairs": "How many of the best pairs are shown, as a share of the length L.",
    "below": "What the prediction above the diagonal is compared with: the known structure, or contacts that most other receptors have.",
    "family_share": "In which share of other receptors of the class, homologues left out, residues at these generic numbers touch.",
    "substitutions": "W246A, W6.48A or 6x48A; several with spaces between them are made together.",
    "ortholog": "Another sequence, aligned to this one; attention is compared at the residues that both have.",
    "variant": (
        "Jensen-Shannon divergence (0 to 1 bit) between what each residue looks at before and after; every substitution changes something, "
        "so it is read beside what other substitutions do."
    ),
    "percentile": "Which share of the references changes this head less; a percentile among them and no p-value.",
    "explained_by_letter": (
        "The head prefers residues of one letter everywhere, so swapping the letter changes it as expected; that says nothing about this "
        "residue."
    ),
    "site_change": "Attention on the marked residues after the substitution less that before.",
    "layer_property": "What a linear probe reads from the numbers that a layer gives for each residue, on receptors it was not fitted to.",
    "layers": (
        "State 0 is the token embedding, state k what layer k - 1 gives; folds are clusters of homologues, errors are standard errors over "
        "them, and the earliest state within one standard error of the best is the frugal choice."
    ),
    "cka": "Linear centred kernel alignment: 1 if two layers differ by rotation and scale alone, 0 if they are unrelated.",
    "participation": "In about how many directions the vectors of a state extend (participation ratio of the covariance).",
    "state": "State 0 is the token embedding, state k what layer k - 1 gives; the last one is taken after the final norm.",
    "head_property": "What the residues that heads look at may be; of a table of yours any column.",
    "sample": "One receptor of each cluster of homologues (above 40 % identity), or so many drawn at random, always the same.",
    "share": ("Of the arcs (attention of at least 0.3) of which it is known: how many go to it. Heads with fewer than 100 are not tested."),
    "heads_show": (
        "Enrichment is the share divided by what arcs as far apart, or of the same receptors, would have. Published: all arcs are in the "
        "denominator, as in Vig et al. 2021."
    ),
    "similarity": "Correlation over heads of how often two residues are looked at, beside BLOSUM62; p by permuting residues (Mantel).",
    "calibration": "Of pairs at least six residues apart: how many touch, by the attention that the head gives; 95 % by Wilson.",
    "centre": "The layer at the centre of what lies above the expectation, with its 95 % interval over draws of clusters.",
    "minus": "Shares of another value are taken away, so that heads are told apart that look at both.",
    "changes": (
        "How far each layer moves the state of a residue: the length of its update as a share of the state before, or the cosine of both. "
        "It shows where the model works and names no site."
    ),
    "span": "Layer 0 starts from the token embedding, and the last state has gone through the final norm, so both are left out at first.",
    "map": "PCA keeps the directions of largest variance; t-SNE keeps neighbours alone.",
    "mean_vectors": "The mean over all residues of a receptor, special tokens left out; neighbours by the cosine from the mean of all.",
    "rand_index": "Agreement of clusters with families: 1 if they are the same, 0 by chance.",
    "attention_files": (
        "Arrays [head, query, key] with a description of their axes: counted from 0, special tokens left out, so rows sum to at most 1. "
        "Rows of the sparse matrices are head times query."
    ),
    "embeddings_files": "float32 [residue, width], special tokens left out; a JSON beside it names model, weights and states.",
    "own_property": "A column receptor (AA2AR), a column residue (D52, 2.50, 2x50), and a column of numbers or classes.",
    "slide": "Heatmap and structure as the page shows them, with the caption that a reader needs.",
    "batch_folder": "The folder that was given to batch --out, on the machine that runs this app; the batch may still be running.",
    "batch_shows": (
        f"The share of the scored sequences in which a head passes (q < {LEVEL:g} in each), or its median over those that test it."
    ),
    "batch_count": "Homologues in the file count as often as they occur, so this is a count and no test; the page Receptors has the test.",
    "head_set": (
        "Single heads hide what others do as well. A set is removed by its mean from this protein while every residue is masked once, and "
        "stands beside 20 random sets of as many heads of the same layers (docs/ablation.md)."
    ),
    "against": "Another structure of this protein: contacts that it alone has, or the one in view, over the residues that both show.",
    "gprotein_family": "One alpha subunit stands for each family: GNAS for Gs, GNAI1 for Gi/o, GNAQ for Gq/11, GNA13 for G12/13.",
    "coupling": (
        "Probabilities by models that had not seen this receptor or a homologue of it (above 40 % identity); the cross is how often "
        "receptors couple to the family, without any sequence.  What is not reported may couple none the less."
    ),
    "stretches": (
        "What each stretch adds to the log odds of a family: the sum over all stretches is how far the answer lies from that of the mean "
        "receptor.  A click marks its residues, on Explore too."
    ),
    "pair_attention": (
        "How much each stretch looks at each other one, the mean over heads; white (black on a dark page) is chance.  Rows look at columns."
    ),
    "functional_sets": "Of the three stretches that matter most, how many hold a residue of a known set, beside three drawn at random.",
    "coupling_worth": (
        "The area under the ROC curve within a family: how often a receptor that couples to it is ranked above one that is not reported "
        "to; 0.5 is chance."
    ),
    "new_families": (
        "All pairs of one family are left out, the model learns from the other three, and is asked about that one: what it would say of a "
        "partner that it has never seen."
    ),
    "own_model": (
        "The published architecture in a small form, with marks that tell the proteins apart; what it reaches stands beside what names and "
        "lengths alone reach."
    ),
    "pair_tables": "Names are compared letter by letter: P1 is not P12.  CSV, TSV, Excel (with openpyxl) or FASTA.",
    "given_away": (
        "Where the proteins of pairs that interact are others than those of pairs that do not, their names alone tell which is which; in "
        "folds of proteins no protein is on both sides."
    ),
    "own_share": (
        "How strongly the state of a residue depends on the embedding of that residue, of how strongly it depends on those of all tokens "
        "(gradients, Brunner et al. 2020). State k enters layer k; the last one is behind the final norm."
    ),
    "batch_property": "What the batch has counted; arcs are attention of at least 0.3 (docs/heads.md).",
    "batch_groups": (
        "Sequences above 40 % identity to one receptor of the library are homologues, and drawn together; above 500 clusters some are "
        "drawn together, too."
    ),
    "batch_threshold": (
        "Column weights of attention were kept above these thresholds alone; another one needs another batch, and value-weighted attention "
        "is on Explore."
    ),
    "batch_explore": "This sequence with its scored residues, model, threshold and head; Explore computes the maps that no batch keeps.",
}

# What each null compares with, for a caption.
NULL_IN_WORDS = {
    "pocket": "random pockets of its size and shape, or the site moved along the chain",
    "matched": "random residues of the same segments and conservation",
    "uniform": "random residues of the whole sequence",
    "published": "the formula of the published scripts",
}

# What the terms mean, in the order in which a newcomer meets them.
DEFINITIONS = {
    "Head": "head",
    "Arcs": "arcs",
    "Impact": "impact",
    "Enrichment": "enrichment",
    "SNR": "snr",
    "Null": "null",
    "q": "q",
    "Generic number": "generic",
    "Column sink": "sink",
}
