/** The rules once more, slowly and plainly: what the fast game must agree with, turn by turn. @module */

import { PRODUCT_TYPES, type World } from "../../lib/simulation/mod.ts";
import { Random } from "../../lib/simulation/random.ts";

/** To the nearest integer, halves up, in exact arithmetic. */
function divide(numerator: bigint, denominator: bigint): number {
  const doubled = 2n * numerator + denominator;
  const quotient = doubled / (2n * denominator);
  return Number(doubled < 0n ? quotient - 1n : quotient);
}

/** A price: the nearest whole number of cents, from one to a thousand million euros. */
function priceOf(numerator: bigint, denominator: bigint): number {
  return Math.min(100_000_000_000, Math.max(1, divide(numerator, denominator)));
}

interface ReferenceProduct {
  prix: number;
  actif: boolean;
  readonly type: number;
  readonly prixOrigine: number;
  prixApres: number;
  derniereInflation: number | undefined;
}

interface ReferenceSupplier {
  readonly stocks: number[];
  /** What it asks now; undefined for no price. */
  readonly prix: (number | undefined)[];
  /** What it asks at the product's original price. Not used as TradeSim plays. */
  readonly prixOrigine: (number | undefined)[];
}

interface ReferenceFirm {
  budget: number;
  readonly stocks: number[];
}

export class Reference {
  readonly produits: ReferenceProduct[];
  readonly fournisseurs: ReferenceSupplier[];
  readonly entreprises: ReferenceFirm[];
  readonly random: Random;
  tick = 0;
  reussies = 0;
  echouees = 0;
  montant = 0;
  volume = 0;
  recharges = 0;
  livraisons = 0;
  evenements = 0;
  readonly #commeTradesim: boolean;

  /** @param world A world that has not been played, with the state of its game's generator. */
  constructor(world: World, commeTradesim: boolean) {
    this.#commeTradesim = commeTradesim;
    this.random = Random.fromState(world.reprise!.alea);
    this.produits = world.produits.map(({ prix, actif, type }) => ({
      prix,
      actif,
      type: PRODUCT_TYPES.indexOf(type),
      prixOrigine: prix,
      prixApres: prix,
      derniereInflation: undefined,
    }));
    this.fournisseurs = world.fournisseurs.map(({ stocks, prix }) => ({
      stocks: [...stocks],
      prix: prix.map((price) => price === 0 ? undefined : price),
      prixOrigine: prix.map((price) => price === 0 ? undefined : price),
    }));
    this.entreprises = world.entreprises.map(({ budget, stocks }) => ({
      budget,
      stocks: [...stocks],
    }));
  }

  playTurn(): void {
    for (const entreprise of this.entreprises) {
      this.produits.forEach(({ actif }, product) => {
        if (actif) this.#buy(entreprise, product);
      });
    }
    if (!this.#commeTradesim) this.#lowerPrices();
    if (this.tick % 2 === 0) {
      if (this.random.below(100) < 40) this.#inflation();
      if (this.random.below(100) < 50) this.#rechargeBudget();
      if (this.random.below(100) < 50) this.#reassort();
      if (this.random.below(100) < 30) this.#variation();
      if (this.random.below(100) < 40) this.#rechargeStock();
    }
    this.tick++;
  }

  #buy(entreprise: ReferenceFirm, product: number): void {
    let best: ReferenceSupplier | undefined;
    for (const fournisseur of this.fournisseurs) {
      const price = fournisseur.prix[product];
      if (fournisseur.stocks[product]! <= 0 || price === undefined) continue;
      if (best === undefined || price < best.prix[product]!) best = fournisseur;
    }
    if (best === undefined) return;
    const price = best.prix[product]!;
    const wanted = 1 + this.random.below(40);
    const quantity = Math.min(
      Math.floor(entreprise.budget / price),
      best.stocks[product]!,
      wanted,
    );
    if (quantity <= 0) {
      this.echouees++;
      return;
    }
    this.reussies++;
    this.montant += quantity * price;
    this.volume += quantity;
    entreprise.budget -= quantity * price;
    for (let unit = 0; unit < quantity; unit++) {
      best.stocks[product]!--;
      entreprise.stocks[product]!++;
    }
  }

  #happened(entries: number): void {
    this.evenements += this.#commeTradesim ? entries : 1;
  }

  #setPrice(product: number, price: number): void {
    const produit = this.produits[product]!;
    produit.prix = price;
    for (const { prix, prixOrigine } of this.fournisseurs) {
      const quote = prixOrigine[product];
      if (quote === undefined) continue;
      prix[product] = priceOf(BigInt(quote) * BigInt(price), BigInt(produit.prixOrigine));
    }
  }

  #lowerPrices(): void {
    this.produits.forEach(({ derniereInflation, prixApres, prixOrigine }, product) => {
      if (derniereInflation === undefined) return;
      const step = this.tick - derniereInflation - 30;
      if (step < 1 || step > 15) return;
      const target = Math.min(prixApres, divide(BigInt(prixOrigine) * 110n, 100n));
      this.#setPrice(
        product,
        priceOf(BigInt(prixApres) * BigInt(15 - step) + BigInt(target) * BigInt(step), 15n),
      );
    });
  }

  /** Draws the price of a product after inflation, and notes the inflation. */
  #inflatedPrice(produit: ReferenceProduct): number {
    let percent = 3000 + this.random.below(3001);
    const last = produit.derniereInflation;
    if (last !== undefined && this.tick - last <= 50) percent = Math.max(percent - 1500, 500);
    const price = priceOf(BigInt(produit.prix) * BigInt(10_000 + percent), 10_000n);
    produit.derniereInflation = this.tick;
    produit.prixApres = price;
    return price;
  }

  #inflation(): void {
    if (this.random.below(100) >= 50) return;
    const active = this.produits.filter(({ actif }) => actif);
    if (active.length === 0) return;
    let targets: ReferenceProduct[];
    if (this.random.below(100) < 50) {
      targets = [active[this.random.below(active.length)]!];
    } else {
      const type = this.random.below(3);
      targets = active.filter((produit) => produit.type === type);
    }
    let isAny = false;
    for (const produit of targets) {
      const product = this.produits.indexOf(produit);
      if (!this.#commeTradesim) {
        this.#setPrice(product, this.#inflatedPrice(produit));
        isAny = true;
        continue;
      }
      for (const { stocks, prix } of this.fournisseurs) {
        if (stocks[product]! <= 0) continue;
        produit.prix = this.#inflatedPrice(produit);
        prix[product] = produit.prix;
        isAny = true;
      }
    }
    if (isAny) this.#happened(1);
  }

  #rechargeBudget(): void {
    let firms = 0;
    for (const entreprise of this.entreprises) {
      if (this.random.below(100) >= 70) continue;
      const amount = (4000 + this.random.below(4001)) * 100;
      entreprise.budget += amount;
      this.recharges += amount;
      firms++;
    }
    if (firms > 0) this.#happened(firms + 1);
  }

  #reassort(): void {
    let isAny = false;
    this.produits.forEach(({ actif, prix, prixOrigine }, product) => {
      if (!actif || this.random.below(100) >= 30) return;
      const units = 10 + this.random.below(41);
      const fournisseur = this.fournisseurs[this.random.below(this.fournisseurs.length)]!;
      fournisseur.stocks[product]! += units;
      this.livraisons += units;
      isAny = true;
      if (this.#commeTradesim || fournisseur.prix[product] !== undefined) return;
      const factor = BigInt(9500 + this.random.below(1001));
      const thousandths = BigInt(1050 - fournisseur.stocks[product]!);
      const quote = divide(BigInt(prixOrigine) * thousandths * factor, 10_000_000n);
      fournisseur.prixOrigine[product] = Math.max(1, quote);
      this.#setPrice(product, prix);
    });
    if (isAny) this.#happened(1);
  }

  #variation(): void {
    if (this.random.below(100) >= 50) return;
    const areActive = (isActive: boolean) =>
      this.produits.filter(({ actif }) => actif === isActive);
    const inactive = areActive(false);
    this.#switch(areActive(true), false);
    this.#switch(this.#commeTradesim ? areActive(false) : inactive, true);
    this.#happened(1);
  }

  #switch(candidates: ReferenceProduct[], isActive: boolean): void {
    const count = candidates.length === 0 ? 0 : Math.max(1, Math.floor(candidates.length * 0.2));
    for (let index = 0; index < count; index++) {
      const other = index + this.random.below(candidates.length - index);
      const chosen = candidates[other]!;
      candidates[other] = candidates[index]!;
      candidates[index] = chosen;
      chosen.actif = isActive;
    }
  }

  #rechargeStock(): void {
    if (this.tick % 20 !== 0) return;
    let suppliers = 0;
    for (const { stocks } of this.fournisseurs) {
      if (this.random.below(100) >= 40) continue;
      let isAny = false;
      this.produits.forEach(({ actif }, product) => {
        if (!actif || stocks[product]! <= 0 || this.random.below(100) >= 60) return;
        const units = 10 + this.random.below(41);
        stocks[product]! += units;
        this.livraisons += units;
        isAny = true;
      });
      if (isAny) suppliers++;
    }
    if (suppliers > 0) this.#happened(suppliers + 1);
  }
}
