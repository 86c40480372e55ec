"""|dphi_k| of the vacuum of a heavy field in de Sitter space, by mpmath's Hankel function of imaginary order: heavyModes.json."""
import json
from mpmath import mp, mpf, sqrt, pi, exp, hankel1, mpc

mp.dps = 30
rows = []
for hubble, mass_squared in [(1.0, 9.0), (0.5, 2.25), (1.0, 100.0)]:
    for k in [0.5, 2.0, 10.0]:
        for efolds in range(5):
            nu = sqrt(mass_squared / mpf(hubble) ** 2 - mpf(9) / 4)
            tau = exp(-mpf(efolds)) / hubble
            u = sqrt(pi) / 2 * hubble * tau ** mpf(1.5) * hankel1(mpc(0, nu), k * tau) * exp(-pi * nu / 2)
            rows.append(dict(hubble=hubble, massSquared=mass_squared, k=k, efolds=efolds, amplitude=float(abs(u))))
print(json.dumps(rows, indent=1))
