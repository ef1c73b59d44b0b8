"""Components: what a charge is made of, one file each; `registry` lists them."""
