"""What a model says of one protein beside attention, with what it has to be compared with.

- `known`: receptors with known contacts that are no homologues of a protein
- `contact_heads`: heads that see contacts, chosen on other receptors
- `contacts`: the contact map of a model, by its regression or by such heads
- `family_contacts`: the mean contact map of the family, the bar for every model
- `judged`: a contact map beside the structure, chance and the family
- `variant`: how the heads of a model change from a wild type to a variant
- `variant_pass`: what that comparison reads of the two passes
- `variant_reference`: what other substitutions do to the same heads
- `orthologs`: how far heads differ over other pairs as alike
- `letter_preferences`: which residue letters heads look at in other receptors
- `site_change`: how attention on marked residues changes
- `variant_verdict`: the same in sentences
- `kept_arrays`: arrays that took many passes, kept on this machine
- `library_panel`: the receptors and residues of the library on which layers are compared
- `library_states`: the states of a model there, kept
- `kept_readouts`: what is kept of all this, counted and deleted
- `layer_properties`: what may be read from them
- `value_table`: a person's own values of residues as such a property
- `layer_rows`: the residues that have a label of it, and what a probe is asked of them
- `layer_pairs`: the same of pairs of residues, from states and from attention
- `layer_asked`: which of these rows a property has
- `layer_baselines`: what tells a property without a trained model
- `layer_comparison`: the scores of all states beside their baselines, and the answer in a sentence
- `layers`: which layer for which property
- `layer_shapes`: how alike the states of a model are, and in how many directions each extends
- `vector_map`: residues or receptors as points on a plane
- `mean_vectors`: one vector for each receptor, and whether neighbours are of one family
"""
