/* The phi^4 lattice in plain C with OpenMP: kick and drift in one sweep over two fields in turn, planes shared out among the threads.
 * Built with -O3 -march=native -fopenmp; the loop over x is the compiler's to vectorise. Same protocol as peer.py:
 *   lattice POINTS OPERATIONS LAMBDA STATE COEFFICIENTS OUTCOME
 * STATE holds field and momentum, COEFFICIENTS three numbers an operation, all raw float64. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void step(const double *restrict phi, double *restrict next, double *restrict pi, long n, double laplacian,
                 double force, double drift) {
#pragma omp parallel for schedule(static)
  for (long z = 0; z < n; z++) {
    for (long y = 0; y < n; y++) {
      const double *c = phi + (z * n + y) * n;
      const double *north = phi + (z * n + (y + 1) % n) * n, *south = phi + (z * n + (y + n - 1) % n) * n;
      const double *up = phi + ((z + 1) % n * n + y) * n, *down = phi + ((z + n - 1) % n * n + y) * n;
      double *p = pi + (z * n + y) * n, *out = next + (z * n + y) * n;
#define SITE(x, left, right)                                                                                        \
  {                                                                                                                 \
    double sum = c[left] + c[right] + north[x] + south[x] + up[x] + down[x];                                        \
    double kicked = p[x] + laplacian * (sum - 6 * c[x]) - force * c[x] * c[x] * c[x];                               \
    p[x] = kicked;                                                                                                  \
    out[x] = c[x] + drift * kicked;                                                                                 \
  }
      SITE(0, n - 1, 1)
#pragma omp simd
      for (long x = 1; x < n - 1; x++) SITE(x, x - 1, x + 1)
      SITE(n - 1, n - 2, 0)
    }
  }
}

static int read_all(const char *path, double *into, size_t count) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  size_t got = fread(into, sizeof(double), count, file);
  fclose(file);
  return got == count;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  const long n = atol(argv[1]), operations = atol(argv[2]);
  const double lambda = atof(argv[3]);
  const size_t sites = (size_t)n * n * n;
  double *state = malloc(2 * sites * sizeof(double)), *coefficients = malloc(3 * operations * sizeof(double));
  double *field[2] = {malloc(sites * sizeof(double)), malloc(sites * sizeof(double))};
  double *momentum = malloc(sites * sizeof(double));
  if (!state || !coefficients || !field[0] || !field[1] || !momentum || !read_all(argv[4], state, 2 * sites) ||
      !read_all(argv[5], coefficients, 3 * operations)) {
    printf("{\"missing\": \"no memory or no input\"}\n");
    return 0;
  }
  printf("{\"version\": \"%s\"}\n", __VERSION__);
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (strncmp(line, "run", 3) == 0) {
      memcpy(field[0], state, sites * sizeof(double));
      memcpy(momentum, state + sites, sites * sizeof(double));
      const double start = omp_get_wtime();
      for (long o = 0; o < operations; o++) {
        const double *k = coefficients + 3 * o;
        step(field[o % 2], field[(o + 1) % 2], momentum, n, k[0], k[1] * lambda, k[2]);
      }
      printf("{\"seconds\": %.9f}\n", omp_get_wtime() - start);
    } else {
      FILE *file = fopen(argv[6], "wb");
      if (!file || fwrite(field[operations % 2], sizeof(double), sites, file) != sites || fclose(file) != 0) return 1;
      printf("{}\n");
    }
    fflush(stdout);
  }
  return 0;
}
