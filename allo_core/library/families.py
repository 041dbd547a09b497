"""Which ligand family a receptor belongs to, by what its UniProt name says."""

__all__ = ["FAMILIES", "family_of_name"]

# Family -> parts of the names of its receptors, in small letters.  Families as the IUPHAR/BPS Guide to Pharmacology groups class A to F;
# receptors whose names say no ligand family (orphans, "GPR...") have none.
FAMILIES: dict[str, tuple[str, ...]] = {
    "5-hydroxytryptamine": ("hydroxytryptamine receptor",),
    "acetylcholine (muscarinic)": ("muscarinic",),
    "adenosine": ("adenosine receptor",),
    "adhesion": ("adhesion g", "cadherin egf"),
    "adrenoceptors": ("adrenergic receptor",),
    "angiotensin": ("angiotensin",),
    "bombesin": ("bombesin", "gastrin-releasing", "neuromedin-b"),
    "bradykinin": ("bradykinin",),
    "calcitonin": ("calcitonin",),
    "cannabinoid": ("cannabinoid",),
    "chemokine": ("chemokine receptor", "chemokine xc"),
    "cholecystokinin": ("cholecystokinin",),
    "complement peptide": ("anaphylatoxin",),
    "corticotropin-releasing factor": ("corticotropin-releasing",),
    "dopamine": ("dopamine receptor",),
    "endothelin": ("endothelin",),
    "formylpeptide": ("formyl peptide", "fmet-leu-phe"),
    "free fatty acid": ("free fatty acid",),
    "frizzled": ("frizzled", "smoothened"),
    "GABA B": ("gamma-aminobutyric",),
    "galanin": ("galanin",),
    "glucagon": ("glucagon", "gastric inhibitory", "growth hormone-releasing", "secretin receptor"),
    "glycoprotein hormone": ("follicle-stimulating", "lutropin", "thyrotropin receptor"),
    "histamine": ("histamine",),
    "hydroxycarboxylic acid": ("hydroxycarboxylic",),
    "leukotriene": ("leukotriene",),
    "lysophospholipid": ("lysophosphatidic", "sphingosine"),
    "melanin-concentrating hormone": ("melanin-concentrating",),
    "melanocortin": ("melanocortin", "adrenocorticotropic", "melanocyte-stimulating"),
    "melatonin": ("melatonin receptor",),
    "metabotropic glutamate": ("metabotropic glutamate",),
    "neuromedin U": ("neuromedin-u",),
    "neuropeptide FF": ("neuropeptide ff",),
    "neuropeptide W": ("neuropeptides b/w",),
    "neuropeptide Y": ("neuropeptide y",),
    "neurotensin": ("neurotensin",),
    "opioid": ("opioid receptor", "nociceptin"),
    "opsin": ("opsin",),
    "orexin": ("orexin",),
    "P2Y": ("p2y purinoceptor",),
    "parathyroid hormone": ("parathyroid",),
    "prokineticin": ("prokineticin",),
    "prostanoid": ("prostaglandin", "prostacyclin", "thromboxane"),
    "proteinase-activated": ("proteinase-activated",),
    "relaxin": ("relaxin",),
    "somatostatin": ("somatostatin",),
    "tachykinin": ("substance-", "neuromedin-k"),
    "taste 1": ("taste receptor type 1",),
    "taste 2": ("taste receptor type 2",),
    "trace amine": ("trace amine-associated",),
    "vasopressin and oxytocin": ("vasopressin", "oxytocin receptor"),
    "VIP and PACAP": ("vasoactive intestinal", "pituitary adenylate"),
}


def family_of_name(name: str) -> str:
    """``"Adenosine receptor A2a"`` -> ``"adenosine"``; "" where the name says none."""
    lower = name.lower()
    return next((family for family, parts in FAMILIES.items() if any(part in lower for part in parts)), "")
